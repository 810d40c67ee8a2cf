"""What the two Asterisks of the live tests are told beside the generated files."""

SECRET = "loopback"

CALLERS_MODULES = (
    "app_senddtmf",
    "app_verbose",
    "func_cut",
    "func_global",
    "res_pjsip_outbound_registration",
    "res_pjsip_outbound_authenticator_digest",
)

CALLERS_MANAGER = f"""
[watcher]
secret = {SECRET}
permit = 127.0.0.1/255.255.255.255
read = call
write = all
eventfilter = Event: (Newchannel|Newstate|Hangup|OriginateResponse)
"""

CALLERS_EXTENSIONS = r"""
[general]
static = yes

[caller]
; SAYS is a sound that the caller makes all along, after the keys.
exten => s,1,MixMonitor(,Sr(${RECORDING}))
 same => n(next),GotoIf($["${KEYS}" = ""]?stay)
 same => n,Set(STEP=${CUT(KEYS,/,1)})
 same => n,Set(KEYS=${CUT(KEYS,/,2-)})
 same => n,Wait(${CUT(STEP,:,1)})
 same => n,SendDTMF(${CUT(STEP,:,2)},${GAP},${TONE})
 same => n,Goto(next)
 same => n(stay),GotoIf($["${SAYS}" = ""]?quiet)
 same => n,Playback(${SAYS})
 same => n(quiet),Wait(${STAY})
 same => n,Hangup()

[agent]
; It rings for so many seconds, at once with none set: AGENT_RINGS_2001 and the like. AGENT_SAYS_2001: the sound that it
; makes all along. AGENT_SAW_2001: what the call's headers said.
exten => _X.,1,Set(SAW=${PJSIP_HEADER(read,X-IVR-Call)}/${PJSIP_HEADER(read,X-IVR-Queue)})
 same => n,Set(SAW=${SAW}/${PJSIP_HEADER(read,X-IVR-Business)}/${PJSIP_HEADER(read,X-IVR-Language)})
 same => n,Set(GLOBAL(AGENT_SAW_${EXTEN})=${SAW})
 same => n,Wait(0${AGENT_RINGS_${EXTEN}})
 same => n,Answer()
 same => n,Set(TIMEOUT(absolute)=${AGENT_TALKS})
 same => n,MixMonitor(,Sr(${AGENT_RECORDINGS}/${EXTEN}-${UNIQUEID}.wav))
 same => n,GotoIf($["${AGENT_SAYS_${EXTEN}}" = ""]?quiet)
 same => n,Playback(${AGENT_SAYS_${EXTEN}})
 same => n(quiet),NoOp()
 same => n,Wait(${AGENT_TALKS})
 same => n,Hangup()
"""

CALLERS_PJSIP = """

[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{port}

[product]
type = endpoint
context = agent
disallow = all
allow = ulaw,alaw
dtmf_mode = rfc4733
direct_media = no
aors = product
[product]
type = aor
contact = sip:127.0.0.1:{product}
[product]
type = identify
endpoint = product
match = 127.0.0.1
"""

CALLERS_AGENT = """
[{name}]
type = registration
transport = udp
outbound_auth = {name}
server_uri = sip:127.0.0.1:{product}
client_uri = sip:{name}@127.0.0.1:{product}
contact_user = {name}
retry_interval = 1
max_random_initial_delay = 0
forbidden_retry_interval = 1
[{name}]
type = auth
auth_type = userpass
username = {name}
password = {password}
"""

WATCHER = f"""
[watcher]
secret = {SECRET}
permit = 127.0.0.1/255.255.255.255
read = call,dialplan,agent,reporting
write = call,command,reporting,system,originate,agent
eventfilter = Event: (Newchannel|Hangup|QueueCaller|Agent)
eventfilter = Variable: (IVR_|AGISTATUS|PLAYBACKSTATUS|QUEUESTATUS)
"""

HOSTILE = r"""
[hostile]
; Called by Originate: a caller's number and name that a hostile telephone company could send, as %%0A and the like.
exten => lines,1,Set(CALLERID(num)=${URIDECODE(${HOSTILE})})
 same => n,Set(CALLERID(name)=${URIDECODE(${HOSTILE})})
 same => n,Goto(ivr-incoming,10000,1)
; Callers of the server who are not the generated dialplan.
exten => unknown,1,Answer()
 same => n,AGI(agi://%(agi)s/no-such-flow,%(token)s)
 same => n,Goto(ivr-route,s,1)
exten => stranger,1,Answer()
 same => n,AGI(agi://%(agi)s/main,not-the-token)
 same => n,Goto(ivr-route,s,1)
exten => h,1,NoOp()
"""
