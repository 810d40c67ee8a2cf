"""For twistd -ny twistd.tac: the service with the settings that IVR_SETTINGS names, or with all defaults."""

from ivr_server.service import make_application

application = make_application()
