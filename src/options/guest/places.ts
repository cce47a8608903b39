/** Paths in a guest. They become files and words of shell scripts: none leads out of its place. */

/** A path below a directory: no empty part, no `.` and no `..`. */
export const BELOW = /^(?!\.{1,2}(?:\/|$))[^/\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)*$/;

/** An absolute path of something below the root. */
export const ABSOLUTE = new RegExp(`^/${BELOW.source.slice(1)}`);

/** A mount point without slashes at its end. */
export function mountPlace(mountPoint: string): string {
  return mountPoint.replace(/\/+$/, "");
}

/** Whether something can be mounted there: a directory below the root. */
export function isMountPoint(mountPoint: string): boolean {
  return ABSOLUTE.test(mountPlace(mountPoint));
}

/** Whether a path is a directory or lies below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
