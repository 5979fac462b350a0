#!/bin/sh
# The page of `cornu explain` in a real browser: it draws the network, and a click on a layer shows
# its ops, loops and C. Names of a user's own cannot leave the data of the page.
# Usage: explain.sh CORNU MODEL.c
set -eu
cornu=$1
model=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "explain: $*"
    exit 1
}

"$cornu" explain "$model" --program train --batch 2 --repeats 2 -o "$work/page.html" ||
    fail "no page was made"
grep -q '@DATA@' "$work/page.html" && fail "the page has no data"
grep -Eq '(src|href)="?(https?:)?//' "$work/page.html" && fail "the page wants the network"

# A model with names that would end the script, were they not escaped.
cat >"$work/hostile.c" <<'C'
#include <cornu.h>
cn_model *model(cn_context *c) {
    cn_tensor x = cn_input(c, {4}, .name = "<!--<script>&amp;</script>");
    cn_tensor y = cn_apply(cn_dense(c, 2, .name = "</script><img src=x onerror=alert(1)>"), x);
    return cn_model_new(c, .inputs = {x}, .outputs = {y}, .name = "\"'</title>\\");
}
C
"$cornu" explain "$work/hostile.c" --batch 1 --repeats 1 >"$work/hostile.html" ||
    fail "no page of the hostile names"
[ "$(grep -c '</script>' "$work/hostile.html")" -eq "$(grep -c '</script>' "$work/page.html")" ] ||
    fail "a name ends a script"

browser=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$browser" ]; then
    echo 'SKIPPED: there is no chromium, so no browser has seen the page'
    exit 77
fi

# dom PAGE - the document after its scripts have run, on a screen as narrow as a phone's.
dom() {
    HOME=$work timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --window-size=360,780 --virtual-time-budget=3000 --dump-dom "file://$1" 2>/dev/null
}

# click PAGE LAYER - what is seen after a click on the layer's box: texts of visible kernels.
click() {
    sed '/<\/body>/d; /<\/html>/d' "$1" >"$work/clicked.html"
    cat >>"$work/clicked.html" <<HTML
<pre id="seen"></pre><script>
[...document.querySelectorAll('.box')].find(b => b.dataset.layer === '$2')
    .dispatchEvent(new MouseEvent('click', {bubbles: true}));
document.getElementById('seen').textContent = 'SEEN\n' + document.getElementById('head').innerText +
    '\nwider than the screen: ' + (document.documentElement.scrollWidth > innerWidth) + '\n' +
    [...document.querySelectorAll('.kernel pre')].filter(p => p.offsetParent !== null)
        .map(p => p.innerText).join('\n') + '\nEND';
</script></body></html>
HTML
    dom "$work/clicked.html" | sed -n '/SEEN$/,/^END/p'
}

dom "$work/page.html" >"$work/dom"
grep -q 'data-layer="conv2d_1"' "$work/dom" || fail "the network has no conv2d_1"
grep -q 'class="buffer"' "$work/dom" || fail "the memory plan is not drawn"
grep -q 'class="reason"' "$work/dom" || fail "no refusal is told"

click "$work/page.html" garment >"$work/seen"
for words in 'Dense → f32\[B,10\]' '= dot_general ' 'contract' 'void k_' 'stays apart' \
    'wider than the screen: false'; do
    grep -q "$words" "$work/seen" || fail "a click on garment does not show \"$words\""
done
grep -q '= conv ' "$work/seen" && fail "a click on garment shows convolutions"

# On paper it is a few pages: figures, network, kernels and the memory plan, but not every text.
HOME=$work timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --virtual-time-budget=3000 --print-to-pdf="$work/page.pdf" "file://$work/page.html" 2>/dev/null
pages=$(grep -ac '/Type /Page$' "$work/page.pdf")
case $pages in
[4-9]) ;;
*) fail "$pages printed pages" ;;
esac

dom "$work/hostile.html" >"$work/dom"
grep -q 'class="box"' "$work/dom" || fail "hostile names break the page"
grep -q '<img' "$work/dom" && fail "a name became markup"
exit 0
