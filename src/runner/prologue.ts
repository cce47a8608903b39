/** How every script of the runner begins. Finds the store from the script's own place; option strings of QEMU want commas doubled. */
export const PROLOGUE = `#!/bin/sh
set -eu
store=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
case $store in
  *,*) option_store=$(printf '%s' "$store" | sed 's/,/,,/g') ;;
  *) option_store=$store ;;
esac
: "$option_store"
`;
