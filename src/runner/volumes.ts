/** What the runner does with volumes before the hypervisor starts: it makes those that are missing, and grows what is too small. */
import type { ImageType } from "../hypervisors/capabilities.ts";
import { qemuFormat } from "../hypervisors/qemu.ts";
import { quoteWord } from "../os/processes.ts";
import { type Program, programWords } from "./words.ts";

/** A volume as the runner sees it. */
export interface RunnerVolume {
  readonly image: string;
  /** MiB; null takes the image as it is. */
  readonly size: number | null;
  readonly label: string | null;
  readonly fsType: string;
  readonly mkfsExtraArgs: readonly string[];
  readonly autoCreate: boolean;
  readonly imageType: ImageType;
  readonly readOnly: boolean;
  /** Whether the guest can grow its file system. */
  readonly canGrow: boolean;
}

/** The programs that make and change volumes. */
export interface VolumePrograms {
  readonly mkfs: (program: string) => Program;
  readonly qemuImg: Program;
}

/** By type of file system: its mkfs, the package that brings it, arguments, and the option for a label. */
export const MKFS: Readonly<
  Record<string, { readonly program: string; readonly package: string; readonly args: readonly string[] }>
> = {
  ext2: { program: "mke2fs", package: "e2fsprogs", args: ["-q", "-t", "ext2", "-L"] },
  ext3: { program: "mke2fs", package: "e2fsprogs", args: ["-q", "-t", "ext3", "-L"] },
  ext4: { program: "mke2fs", package: "e2fsprogs", args: ["-q", "-t", "ext4", "-L"] },
  xfs: { program: "mkfs.xfs", package: "xfsprogs", args: ["-q", "-L"] },
  btrfs: { program: "mkfs.btrfs", package: "btrfs-progs", args: ["-q", "-L"] },
  vfat: { program: "mkfs.fat", package: "dosfstools", args: ["-n"] },
};

const MIB = 1024 * 1024;

/** Shell commands for the volumes, in the order of `microvm.volumes`. */
export function volumesLines(volumes: readonly RunnerVolume[], programs: VolumePrograms): string {
  if (volumes.length === 0) return "";
  return [
    `
# Ends with what is wrong with a volume.
volume_fault() {
  echo "microvm-run: the volume \\"$1\\" $2" >&2
  exit 1
}
`,
    ...volumes.map((volume, index) => volumeLines(volume, `microvm.volumes.${index}`, programs)),
  ].join("");
}

function volumeLines(volume: RunnerVolume, option: string, programs: VolumePrograms): string {
  // A name that begins with a dash is no option.
  const image = quoteWord(volume.image.startsWith("-") ? `./${volume.image}` : volume.image);
  const there = volume.size === null ? "" : sizeLines(volume, volume.size, image, option, programs);
  const missing =
    volume.autoCreate && volume.size !== null
      ? creationLines(volume, volume.size, image, programs)
      : faultLine(volume, `is missing, and "${option}.autoCreate" is false: put it into the VM's directory`);
  return `
if [ ! -e ${image} ]; then
${missing}${there === "" ? "" : `elif [ -f ${image} ]; then\n${there}`}fi
`;
}

/** A volume is made under another name first: one that exists is whole. */
function creationLines(volume: RunnerVolume, size: number, image: string, programs: VolumePrograms): string {
  const { program, args } = MKFS[volume.fsType]!;
  const isRaw = volume.imageType === "raw";
  const made = isRaw ? `${image}.new` : `${image}.raw`;
  // The last of the arguments is the option for a label.
  const labelled = volume.label === null ? args.slice(0, -1) : [...args, volume.label];
  const words = [...labelled, ...volume.mkfsExtraArgs].map((word) => `${quoteWord(word)} `).join("");
  return `  mkdir -p "$(dirname ${image})"
  rm -f ${image}.new${isRaw ? "" : ` ${made}`}
  truncate -s ${size}M ${made}
  ${programWords(programs.mkfs(program))} ${words}${made} >/dev/null
${isRaw ? "" : `  ${qemuImg(programs)} convert -q -f raw -O ${formatWords(volume)} ${made} ${image}.new\n  rm ${made}\n`}  mv ${image}.new ${image}
`;
}

/** The image itself tells how large the volume is. */
function sizeLines(
  volume: RunnerVolume,
  size: number,
  image: string,
  option: string,
  programs: VolumePrograms,
): string {
  const bytes = size * MIB;
  const format = qemuFormat(volume.imageType);
  const found =
    volume.imageType === "raw"
      ? `stat -L -c %s ${image}`
      : `${qemuImg(programs)} info -f ${format} ${image} | sed -n 's/^virtual size: .*(\\([0-9]*\\) bytes).*/\\1/p'`;
  const shown = "$(((size + 1048575) / 1048576)) MiB";
  return `  size=$(${found})
  if [ "$size" -gt ${bytes} ]; then
  ${faultLine(volume, `has ${shown}, more than the ${size} MiB of "${option}.size", and volumes do not shrink: set the option to the larger size, or copy the files to a new volume`)}  elif [ "$size" -lt ${bytes} ]; then
${growthLines(volume, size, image, `has ${shown}, less than the ${size} MiB of "${option}.size", and`, programs)}  fi
`;
}

function growthLines(
  volume: RunnerVolume,
  size: number,
  image: string,
  tooSmall: string,
  programs: VolumePrograms,
): string {
  if (volume.readOnly) {
    return `  ${faultLine(volume, `${tooSmall} is read-only: set the option to the smaller size`)}`;
  }
  if (!volume.canGrow) {
    return `  ${faultLine(volume, `${tooSmall} its file system cannot be grown by the guest: copy the files to a new volume`)}`;
  }
  const format = qemuFormat(volume.imageType);
  switch (volume.imageType) {
    case "raw":
      return `    truncate -s ${size}M ${image}\n`;
    case "qcow2":
      return `    ${qemuImg(programs)} resize -q -f qcow2 ${image} ${size}M\n`;
    default:
      // qemu-img resizes none of these: the content moves into a larger one.
      return `    rm -f ${image}.new
    ${qemuImg(programs)} create -q -f ${formatWords(volume)} ${image}.new ${size}M
    ${qemuImg(programs)} convert -q -n --target-is-zero -f ${format} -O ${format} ${image} ${image}.new
    mv ${image}.new ${image}
`;
  }
}

/** The format, and for vhd that its size is the wanted one, not one of whole cylinders. */
function formatWords({ imageType }: RunnerVolume): string {
  return `${qemuFormat(imageType)}${imageType === "vhd" ? " -o force_size=on" : ""}`;
}

/** `text` may hold arithmetic expansions. */
function faultLine({ image }: RunnerVolume, text: string): string {
  return `  volume_fault ${quoteWord(image)} "${text.replaceAll('"', '\\"')}"\n`;
}

function qemuImg({ qemuImg: program }: VolumePrograms): string {
  return programWords(program);
}
