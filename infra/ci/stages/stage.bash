# shellcheck shell=bash disable=SC2034
# Sourced by every stage: where results are kept, how a stage ends, what a refusal says.
#
# A stage runs in the application's folder. It leaves its results in $CI_OUTPUT, where the later stages
# and `notify` read them; at its end it adds a line there: its name, exit status and seconds.
set -euo pipefail

stages=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
stage=${0##*/}
output=${CI_OUTPUT:-build/ci}
venv=${CI_VENV:-.venv}
started=$SECONDS

mkdir -p "$output"
[[ $stage == notify ]] || rm -f "$output/refusal"
if [[ -d $venv ]]; then
    PATH=$(cd "$venv" && pwd)/bin:$PATH
fi

ended() {
    printf '%s %s %s\n' "$stage" "$1" "$((SECONDS - started))" >>"$output/stages"
    if (($1 != 0)) && [[ ! -e $output/refusal ]]; then
        refusal "it ended with status $1" "Read the lines above: the tool that failed says why. \
If they name the network or a service, run the build again."
    fi
}
trap 'ended $?' EXIT

refusal() {
    printf '%s FAILED: %s.\nNo image is pushed, so nothing is deployed.\nTo do: %s\n' \
        "$stage" "$1" "$2" | tee "$output/refusal" >&2
}

# refuse WHAT-HAPPENED WHAT-TO-DO
refuse() {
    refusal "$1" "$2"
    exit 1
}

# results STAGE: what an earlier stage recorded, as variables. Nothing in a value is ever executed.
results() {
    local name value
    [[ -e $output/$1.results ]] ||
        refuse "$output/$1.results is missing" "Run the stage \`$1\` first, in the same folder."
    while IFS='=' read -r name value; do
        printf -v "$name" '%s' "$value"
    done <"$output/$1.results"
}

# record NAME=VALUE...: keeps them for later stages, each on one line.
record() {
    local pair
    for pair in "$@"; do
        printf '%s\n' "${pair//$'\n'/ }"
    done >"$output/$stage.results"
}

# setting NAME WHAT-IT-IS: refuses if it is not set.
setting() {
    [[ -n ${!1:-} ]] || refuse "$1 is not set" "Set it to $2."
}
