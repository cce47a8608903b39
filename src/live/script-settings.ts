/** Part of the guest's script: what reads the new files. */

/** The steps of `path-rules.ts`, forth and back. */
export const SETTING_FUNCTIONS = `# One step for its files. With "back" for the former configuration, which makes nothing.
step() {
  paths=$(sed -n "s/^$1 //p" steps)
  [ -n "$paths" ] || return 0
  case $1 in
    hostname) hostname -F "$root/etc/hostname" 2>/dev/null || cat "$root/etc/hostname" >/proc/sys/kernel/hostname ;;
    sysctl) [ -z "$2" ] || sysctl_back; /usr/lib/systemd/systemd-sysctl ;;
    udev) udevadm control --reload ;;
    networkd) ! systemctl is-active -q systemd-networkd || networkctl reload || systemctl restart systemd-networkd ;;
    sysusers | tmpfiles)
      [ -z "$2" ] || return 0
      for path in $paths; do
        [ -f "$root/$path" ] || continue
        case $1 in
          sysusers) systemd-sysusers "/$path" || return ;;
          *)
            # 65, 73: a line could not be done; the others are (systemd-tmpfiles(8)).
            systemd-tmpfiles --create "/$path"
            case $? in 0 | 65 | 73) ;; *) return 1 ;; esac ;;
        esac
      done ;;
  esac
}

# The kernel's settings of the new configuration, as they are now.
sysctl_save() {
  # shellcheck disable=SC2013 # words are wanted
  for path in $(sed -n 's/^sysctl //p' steps); do
    [ -f "$root/$path" ] || continue
    sed -n 's/^\\([^#; =]*\\) *=.*/\\1/p' "$root/$path" | while read -r key; do
      name=/proc/sys/$(echo "$key" | tr . /)
      [ ! -r "$name" ] || echo "$key = $(cat "$name")"
    done
  done >sysctl.saved
}

sysctl_back() {
  while read -r key _ value; do
    echo "$value" >"/proc/sys/$(echo "$key" | tr . /)" 2>/dev/null || :
  done <sysctl.saved
}

steps() {
  for one in hostname sysctl sysusers tmpfiles udev networkd; do
    step "$one" "$1" >step.log 2>&1 || {
      say "reason $one failed: $(tail -n 1 step.log)"
      return 1
    }
  done
}

`;
