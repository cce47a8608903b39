/** Part of the guest's script: files. */

/**
 * Puts files in their places, and says in `undo` how they are put back. Where nothing can be written, an overlay is mounted
 * over the place once, read-only, and written to by another name of it: later changes mount nothing more.
 */
export const FILE_FUNCTIONS = `# A checksum of what is at a path, in "sum"; "-" for nothing and for directories.
sum_of() {
  if [ -L "$1" ]; then
    sum=$(printf 'link:%s' "$(readlink "$1")" | sha256sum)
  elif [ -f "$1" ]; then
    sum=$(sha256sum <"$1")
  else
    sum=-
  fi
  sum=\${sum%% *}
}

# Where a path is written to, in "tree". Where it cannot be as it is, in "place" the directory that is mounted over.
tree_of() {
  above=$1 place='' tree=$root
  while [ ! -d "$root/$above" ]; do
    case $above in */*) above=\${above%/*} ;; *) above='' ;; esac
  done
  [ ! -w "$root/$above/." ] || return 0
  case $1 in */*) place=\${1%%/*} tree=$live/view ;; *) place=/ ;; esac
}

is_viewed() { grep -q " $live/view/$1 " /proc/self/mounts; }

# Makes a place writable below "view", and what is there seen at the place itself.
view() {
  if awk -v below="$root/$1/" 'index($2, below) == 1 { found = 1 } END { exit !found }' /proc/self/mounts; then
    say "reason something is mounted below /$1, where the new configuration has files"
    return 1
  fi
  ! is_viewed "$1" || return 0
  mkdir -p "$live/view/$1" "$live/upper/$1" "$live/work/$1" || return
  chmod --reference="$root/$1" "$live/upper/$1"
  echo "view x $1" >>undo
  # Private, or what somebody mounts below one name would be mounted below the other.
  mount --make-private -t overlay -o "lowerdir=$root/$1,upperdir=$live/upper/$1,workdir=$live/work/$1" \\
    overlay "$live/view/$1" && mount -o bind,ro "$live/view/$1" "$root/$1"
}

# Takes that back. Programs that have something open there keep it.
unview() {
  is_viewed "$1" || return 0
  if [ "$(stat -c %d "$root/$1/.")" = "$(stat -c %d "$live/view/$1/.")" ]; then umount -l "$root/$1" || return; fi
  umount -l "$live/view/$1" && rm -rf "$live/upper/$1" "$live/work/$1"
}

# Directories above $2 in a tree.
make_above() {
  case $2 in */*) ;; *) return 0 ;; esac
  parent=\${2%/*}
  [ -d "$1/$parent" ] && return 0
  make_above "$1" "$parent"
  mkdir "$1/\${2%/*}" && echo "$1/\${2%/*}" >>made
}

# What is made is root's already.
own() { [ "$1" = 0:0 ] || chown "$1" "$2"; }

# Puts one line of files into a tree: KIND NUMBER MODE OWNER PATH.
put() {
  make_above "$1" "$6" || return
  target=$1/$6
  case $2 in
    file | link)
      [ ! -d "$target" ] || [ -L "$target" ] || rmdir "$target" || return
      # What is left of a change that was cut off.
      if [ -e "$target.microvm-new" ] || [ -L "$target.microvm-new" ]; then rm -f "$target.microvm-new"; fi
      if [ "$2" = link ]; then
        ln -s "$(cat "content/$3")" "$target.microvm-new" || return
      else
        cat "content/$3" >"$target.microvm-new" && own "$5" "$target.microvm-new" || return
        # As the umask has it.
        [ "$4" = 644 ] || chmod "$4" "$target.microvm-new" || return
      fi
      mv -fT "$target.microvm-new" "$target" ;;
    directory)
      [ -d "$target" ] || { rm -f "$target" && mkdir "$target" && echo "$target" >>made; } || return
      own "$5" "$target" && chmod "$4" "$target" ;;
    gone) rm -f "$target" ;;
    emptied) rmdir "$target" 2>/dev/null || : ;;
  esac
}

# Files, one by one: what is replaced is kept, and what somebody else had changed is told of.
put_files() {
  mkdir -p saved
  viewed=''
  while read -r kind number mode owner former path; do
    tree_of "$path"
    [ "$place" != / ] || { say "reason cannot write /$path"; return 1; }
    [ -z "$place" ] || case "$viewed " in
      *" $place "*) ;;
      *) view "$place" || return; viewed="$viewed $place" ;;
    esac
    old=$tree/$path
    if [ -L "$old" ] || [ -f "$old" ]; then
      cp -aT "$old" "saved/$number" && echo "back $number $path" >>undo || return
      sum_of "$old"
      if [ "$sum" != "$former" ]; then
        cp -aT "$old" "$old.microvm-old" || return
        echo "none x $path.microvm-old" >>undo
        say "kept /$path was changed in the guest; its own is now /$path.microvm-old"
      fi
    elif [ -d "$old" ]; then
      echo "mode $(stat -c %a "$old") $path" >>undo
    else
      echo "none x $path" >>undo
    fi
    put "$tree" "$kind" "$number" "$mode" "$owner" "$path" || {
      say "reason cannot write /$path"
      return 1
    }
  done <files
}

# Puts one line of "undo" back: VERB NUMBER PATH.
put_back() {
  tree_of "$3"
  case $1 in
    back) rm -f "$tree/$3" && cp -aT "saved/$2" "$tree/$3" ;;
    # Directories go below, when nobody else has put anything in them.
    none) if [ ! -d "$tree/$3" ] || [ -L "$tree/$3" ]; then rm -f "$tree/$3"; fi ;;
    mode) [ -d "$tree/$3" ] || { rm -f "$tree/$3"; mkdir "$tree/$3"; }; chmod "$2" "$tree/$3" ;;
    view) unview "$3" ;;
    account) write_account "$3" "accounts/saved/$3" ;;
  esac
}

`;
