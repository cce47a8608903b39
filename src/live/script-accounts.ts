/** Part of the guest's script: accounts. */

/** Brings what two configurations differ in into the account files; what the guest did to others stays. */
export const ACCOUNT_FUNCTIONS = `# Three texts of lines with a name in front: what former and next differ in is brought into what is there.
merge() {
  awk -F: -v file="$1" '
    function members(text, into,   list, n, i) { n = split(text, list, ","); for (i = 1; i <= n; i++) into[list[i]] = 1 }
    FILENAME == ARGV[1] { former[$1] = $0; next }
    FILENAME == ARGV[2] { new[$1] = $0; order[++count] = $1; next }
    { there[$1] = $0; lines[++total] = $1 }
    END {
      for (i = 1; i <= total; i++) {
        name = lines[i]
        if (name in new) { if (new[name] == former[name]) print there[name]; else print changed(name) }
        else if (!(name in former)) print there[name]
      }
      for (i = 1; i <= count; i++) if (!(order[i] in there)) print new[order[i]]
    }
    # Members of a group that the guest added itself stay.
    function changed(name,   a, b, c, old, own, n, i, list, seen, text) {
      split(new[name], a, ":")
      if (file != "group" && file != "gshadow") return new[name]
      split(former[name], b, ":"); split(there[name], c, ":")
      members(b[4], old); members(a[4], seen); text = a[4]
      n = split(c[4], list, ",")
      for (i = 1; i <= n; i++) if (!(list[i] in old) && !(list[i] in seen)) text = text (text == "" ? "" : ",") list[i]
      return a[1] ":" a[2] ":" a[3] ":" text
    }' "accounts/former/$1" "accounts/next/$1" "$root/etc/$1"
}

# Writes a file in its place, whose owner and mode it keeps; one that is mounted over is for nobody else to write.
write_account() {
  is_mounted=''
  case $(cat /proc/self/mounts) in
    *" $root/etc/$1 "*)
      is_mounted=yes
      umount "$root/etc/$1" || return ;;
  esac
  cp -aT "$root/etc/$1" "$root/etc/$1.microvm-new" && cat "$2" >"$root/etc/$1.microvm-new" &&
    mv -f "$root/etc/$1.microvm-new" "$root/etc/$1" || return
  [ -z "$is_mounted" ] || mount --bind -o ro "$root/etc/$1" "$root/etc/$1"
}

change_accounts() {
  [ -d accounts ] || return 0
  mkdir accounts/saved accounts/merged && ( cd "$root/etc" && exec cp -a passwd group shadow gshadow "$dir/accounts/saved" ) || return
  for name in passwd group shadow gshadow; do
    merge "$name" >"accounts/merged/$name" || return
  done
  for name in passwd group; do
    twice=$(awk -F: 'NR == FNR { had[$3]++; next } ++has[$3] > 1 && had[$3] < 2 { print $3; exit }' "accounts/saved/$name" "accounts/merged/$name")
    [ -z "$twice" ] || { say "reason the guest has given the id $twice to another account itself"; return 1; }
  done
  for name in passwd group shadow gshadow; do
    echo "account x $name" >>undo
    write_account "$name" "accounts/merged/$name" || return
  done
}

`;
