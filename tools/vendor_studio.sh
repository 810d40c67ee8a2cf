#!/bin/sh
# What the flow studio is drawn and typed with: dagre (the layout of a graph) and CodeMirror (the YAML), each bundled once
# into a file of its own with the licences of all that is in it. Run by hand when a version below changes; the results are
# committed, so that nobody else needs npm.
set -eu
target=$(cd "$(dirname "$0")/.." && pwd)/ivr_server/console/static
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
printf '{"private": true}\n' >package.json
npm install --ignore-scripts --no-audit --no-fund --silent \
    @dagrejs/dagre@3.1.3 @dagrejs/graphlib@4.0.6 esbuild@0.28.2 \
    @codemirror/view@6.43.15 @codemirror/state@6.7.6 @codemirror/lang-yaml@6.1.3 @codemirror/language@6.13.1 \
    @codemirror/lint@6.9.8 @codemirror/commands@6.11.1 @codemirror/search@6.7.2

bundle() { # name entry packages...
    name=$1
    entry=$2
    shift 2
    {
        echo '/*!'
        for one in "$@"; do
            node -p "const one = require('./node_modules/$one/package.json'); one.name + ' ' + one.version + ', ' + one.license"
            cat "node_modules/$one"/LICENSE* "node_modules/$one"/license* 2>/dev/null | sed 's/[[:space:]]*$//; s#\*/#* /#g'
            echo
        done
        echo '*/'
    } >licences.txt
    npx --no-install esbuild "$entry" --bundle --minify --format=esm --platform=browser --target=es2022 \
        --legal-comments=none --log-level=warning --outfile=bundle.js
    cat licences.txt bundle.js >"$target/$name"
}

printf 'import dagre from "@dagrejs/dagre";\nexport default dagre;\n' >dagre_entry.js
cat >codemirror_entry.js <<'JS'
export { EditorView, keymap, lineNumbers, drawSelection, highlightActiveLine } from "@codemirror/view";
export { EditorState, Annotation } from "@codemirror/state";
export { history, historyKeymap, defaultKeymap } from "@codemirror/commands";
export { yaml } from "@codemirror/lang-yaml";
export { syntaxHighlighting, HighlightStyle, indentUnit } from "@codemirror/language";
export { setDiagnostics, lintGutter } from "@codemirror/lint";
export { search, searchKeymap } from "@codemirror/search";
export { tags } from "@lezer/highlight";
JS
bundle dagre.js dagre_entry.js @dagrejs/dagre @dagrejs/graphlib
bundle codemirror.js codemirror_entry.js @codemirror/view @codemirror/state @codemirror/lang-yaml @codemirror/language \
    @codemirror/lint @codemirror/commands @codemirror/search @codemirror/autocomplete @lezer/common @lezer/highlight \
    @lezer/lr @lezer/yaml style-mod w3c-keyname crelt @marijn/find-cluster-break
