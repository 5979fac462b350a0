#!/bin/sh
# Recreates tests/golden/keras_files from real Keras, of several versions.
#
#   scripts/golden/keras_files.sh VENVS [VERSION ...]
#
# VENVS is a folder for one virtual environment per version (made when missing). The newest
# version writes everything, older ones the family "versions" alone.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venvs=${1:?usage: keras_files.sh VENVS [VERSION ...]}
shift
newest=$(sed -n 's/^keras==//p' "$here/requirements.txt")
[ $# -gt 0 ] || set -- 3.0.5 3.3.3 3.6.0 3.10.0 3.12.1 "$newest"

# requirements VERSION - Keras with a JAX of its time.
requirements() {
    case $1 in
    3.0.*) echo "keras==$1 jax==0.4.26 jaxlib==0.4.26 numpy<2 packaging" ;;
    3.3.*) echo "keras==$1 jax==0.4.30 jaxlib==0.4.30 numpy<2 packaging" ;;
    3.6.*) echo "keras==$1 jax==0.4.35 jaxlib==0.4.35 numpy<2.2 packaging" ;;
    3.10.*) echo "keras==$1 jax==0.6.2 jaxlib==0.6.2 numpy" ;;
    3.12.*) echo "keras==$1 jax==0.7.1 jaxlib==0.7.1 numpy" ;;
    *) echo "-r $here/requirements.txt" ;;
    esac
}

for version in "$@"; do
    python=$venvs/keras-$version/bin/python
    [ -x "$python" ] || {
        python3 -m venv "$venvs/keras-$version"
        # shellcheck disable=SC2046 # words
        "$python" -m pip install -q $(requirements "$version") h5py
    }
    family=versions
    [ "$version" != "$newest" ] || family=
    folder=$here/../../tests/golden/keras_files/$version
    rm -rf "$folder.new"
    # shellcheck disable=SC2086 # none or one
    "$python" "$here/keras_files.py" "$folder.new" $family
    rm -rf "$folder"
    mv "$folder.new" "$folder"
done
