#!/bin/sh
# Speaks texts.tsv into <language>/<name>.wav: 8 kHz, mono, 16-bit PCM.
#
#     sh controller/ivr/prompts/make.sh              all of them
#     sh controller/ivr/prompts/make.sh wrong        one text, every language
#
# Needs espeak-ng and sox (Debian: apt install espeak-ng sox).
set -eu
cd "$(dirname "$0")"

only=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# speak LANGUAGE VOICE NAME TEXT
speak() {
  mkdir -p "$1"
  espeak-ng -v "$2" -s 145 -p 45 -a 90 -w "$work/raw.wav" -- "$4"
  # A telephone passes 300 to 3400 Hz: cut the rest before the rate goes down. The
  # silence at the end lets a phone's jitter buffer play the last word before the BYE.
  # No dither (-D) and no comment: the same text gives the same bytes.
  sox -D "$work/raw.wav" -c 1 -b 16 -e signed-integer --comment '' "$1/$3.wav" \
    gain -n -9 silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse \
    highpass 250 lowpass 3400 rate 8000 compand 0.02,0.2 -60,-60,-30,-15,0,-6 -6 \
    gain -n -3 pad 0.02 0.25
  echo "$1/$3.wav"
}

tab=$(printf '\t')
while IFS=$tab read -r name en de; do
  case $name in '#'* | '') continue ;; esac
  if [ -n "$only" ] && [ "$only" != "$name" ]; then continue; fi
  speak en en-us "$name" "$en"
  speak de de "$name" "$de"
done <texts.tsv
