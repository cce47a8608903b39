import assert from "node:assert/strict";
import { test } from "node:test";
import { lint, missing } from "../../os/testing/programs.ts";
import { guest, guestConfig } from "../testing/evaluate.ts";

test("programs are installed with settings for everybody", () => {
  const { packages, etc, variables } = guestConfig({
    programs: {
      git: {
        enable: true,
        config: {
          init: { defaultBranch: "main" },
          url: { "https://a b/": { insteadOf: 'x"\\' } },
          core: { bare: true },
        },
      },
      htop: { enable: true, settings: { hide_kernel_threads: true, fields: [0, 48] } },
      less: { enable: true, envVariables: { LESS: "-R" } },
      mtr: { enable: true },
      nano: { enable: true, nanorc: "set tabsize 4\n" },
      tmux: { enable: true, keyMode: "vi", extraConfig: "set -g mouse on\n" },
      vim: { enable: true, defaultEditor: true },
    },
  }).environment;
  assert.deepEqual(packages.toSorted(), ["git", "htop", "less", "mtr-tiny", "nano", "tmux", "vim"]);
  assert.deepEqual(variables, { LESS: "-R", EDITOR: "vim" });
  assert.equal(
    etc.gitconfig!.text,
    '# programs.git.config\n[init]\n\tdefaultBranch = "main"\n[url "https://a b/"]\n\tinsteadOf = "x\\"\\\\"\n[core]\n\tbare = true\n',
  );
  assert.equal(etc.htoprc!.text, "# programs.htop.settings\nhide_kernel_threads=1\nfields=0 48\n");
  assert.equal(
    etc["tmux.conf"]!.text,
    "# programs.tmux\nset -g mode-keys vi\nset -g status-keys vi\nset -g history-limit 2000\nset -g mouse on\n",
  );
  assert.equal(etc.nanorc!.text, "# programs.nano.nanorc\nset tabsize 4\n");
});

const shells = {
  environment: {
    shellAliases: { ll: "ls -l", say: "echo 'it'", gone: null },
    interactiveShellInit: "set -o vi\n",
  },
  programs: { bash: { completion: { enable: true } } },
};

test("interactive shells have aliases, completion and the declared commands", () => {
  const text = guestConfig(shells).environment.etc["bash.bashrc"]!.text;
  assert.match(text, /\nalias ll='ls -l'\nalias say='echo '\\''it'\\'''\nset -o vi\n$/);
  assert.doesNotMatch(text, /gone/);
  assert.equal(guestConfig({}).environment.etc["bash.bashrc"], undefined);
});

test("the file for interactive shells passes shellcheck", { skip: missing("shellcheck") }, () =>
  assert.equal(
    lint(
      `#!/bin/bash\n# shellcheck disable=SC1091,SC3044 # for bash\n${guestConfig(shells).environment.etc["bash.bashrc"]!.text}`,
    ),
    "",
  ),
);

test("an alias that is no word is refused", () => {
  assert.deepEqual(guest({ environment: { shellAliases: { "a b": "x" } } }).faults, [
    '"environment.shellAliases" has "a b", which is no name of an alias',
  ]);
});
