#!/bin/sh
# JsSIP and the four small packages that it needs, bundled once into the one file that the desk loads, licences on top.
# Run by hand when a version below changes; the result is committed, so that nobody else needs npm.
set -eu
target=$(cd "$(dirname "$0")/.." && pwd)/ivr_server/console/static/jssip.js
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
printf '{"private": true}\n' >package.json
npm install --ignore-scripts --no-audit --no-fund --silent \
    jssip@3.13.8 debug@4.4.3 ms@2.1.3 events@3.3.0 sdp-transform@2.15.0 esbuild@0.28.2
printf 'import JsSIP from "jssip";\nexport default JsSIP;\n' >entry.js
{
    echo '/*!'
    for name in jssip debug ms events sdp-transform; do
        node -p "const one = require('./node_modules/$name/package.json'); one.name + ' ' + one.version + ', ' + one.license"
        cat "node_modules/$name"/LICENSE* "node_modules/$name"/license* 2>/dev/null | sed 's/[[:space:]]*$//; s#\*/#* /#g'
        echo
    done
    echo '*/'
} >licences.txt
npx --no-install esbuild entry.js --bundle --minify --format=esm --platform=browser --target=es2022 \
    --legal-comments=none --log-level=warning --outfile=bundle.js
cat licences.txt bundle.js >"$target"
