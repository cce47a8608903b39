/** Part of the guest's script: files. */

/** Puts files in their places, and says in `undo` how they are put back. */
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

# The directory, in "place", that is mounted over where $1 cannot be written to; nothing where it can.
place_of() {
  above=$1 place=''
  while [ ! -d "$root/$above" ]; do
    case $above in */*) above=\${above%/*} ;; *) above='' ;; esac
  done
  [ ! -w "$root/$above/." ] || return 0
  case $1 in */*) place=\${1%%/*} ;; *) place=/ ;; esac
}

# Directories above $2 in a tree, like those that are there.
make_above() {
  case $2 in */*) ;; *) return 0 ;; esac
  parent=\${2%/*}
  [ -d "$1/$parent" ] && return 0
  make_above "$1" "$parent"
  mkdir "$1/\${2%/*}" || return
  if [ "$1" = "$root" ]; then
    echo "$1/\${2%/*}" >>made
  elif [ -d "$root/\${2%/*}" ]; then
    chmod --reference="$root/\${2%/*}" "$1/\${2%/*}"
    chown --reference="$root/\${2%/*}" "$1/\${2%/*}"
  fi
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
      [ -d "$target" ] || { rm -f "$target" && mkdir "$target" && { [ "$1" != "$root" ] || echo "$target" >>made; }; } || return
      own "$5" "$target" && chmod "$4" "$target" ;;
    gone) rm -f "$target" ;;
    emptied) rmdir "$target" 2>/dev/null || : ;;
  esac
}

# Files that can be written to: what is replaced is kept, and what somebody else had changed is told of.
put_writable() {
  mkdir -p saved
  while read -r kind number mode owner former path; do
    place_of "$path"
    [ -z "$place" ] || continue
    old=$root/$path
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
    put "$root" "$kind" "$number" "$mode" "$owner" "$path" || {
      say "reason cannot write /$path"
      return 1
    }
  done <files
}

# Files where nothing can be written: a layer of them is mounted over the place.
put_mounted() {
  : >places
  # All that changes before have brought.
  [ ! -d "$live/current/layers" ] || cp -aT "$live/current/layers" layers || return
  while read -r kind number mode owner former path; do
    place_of "$path"
    [ -n "$place" ] || continue
    [ "$place" != / ] || { say "reason cannot write /$path"; return 1; }
    if ! grep -qx "$place" places; then
      mkdir -p "layers/$place" "$live/base/$place" || return
      # Private, or what is mounted over the place would be over the base as well, and the next change's layer above both:
      # overlays are stacked two deep at most.
      grep -q " $live/base/$place " /proc/self/mounts ||
        mount --bind --make-private "$root/$place" "$live/base/$place" || return
      chmod --reference="$root/$place" "layers/$place"
      echo "$place" >>places
    fi
    make_above layers "$path" || return
    [ ! -c "layers/$path" ] || rm -f "layers/$path"
    case $kind in
      emptied) ;;
      gone)
        rm -f "layers/$path"
        [ ! -e "$live/base/$path" ] || mknod "layers/$path" c 0 0 || return ;;
      *) put layers "$kind" "$number" "$mode" "$owner" "$path" || return ;;
    esac
  done <files
  while read -r place; do
    if awk -v below="$root/$place/" 'index($2, below) == 1 { found = 1 } END { exit !found }' /proc/self/mounts; then
      say "reason something is mounted below /$place, where the new configuration has files"
      return 1
    fi
    mount -t overlay -o "ro,lowerdir=$dir/layers/$place:$live/base/$place" overlay "$root/$place" || return
    echo "mount x $place" >>undo
  done <places
}

`;
