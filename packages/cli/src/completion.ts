import { type Command, flagsOf, type Output } from './command.ts';
import { UsageError } from './command-errors.ts';

const argument = {
  name: 'bash|zsh|fish',
  description: 'The shell that the script is for.',
};

/** The script is derived from the table of commands, which therefore comes as a parameter. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    group: null,
    name: 'completion',
    summary: 'Print a script that completes commands and flags in a shell.',
    details: [
      'bash: unkey completion bash > ~/.local/share/bash-completion/completions/unkey',
      'zsh:  unkey completion zsh > "$fpath[1]/_unkey"',
      'fish: unkey completion fish > ~/.config/fish/completions/unkey.fish',
    ].join('\n'),
    arguments: [argument],
    flags: {},
    async run({ args }): Promise<Output> {
      const shell = args.argument(argument.name);
      const script = Object.hasOwn(scripts, shell) ? scripts[shell as keyof typeof scripts] : undefined;
      if (script === undefined) throw new UsageError(`The shell must be bash, zsh or fish (is '${shell}').`);
      const text = script(commands());
      return { json: { shell, script: text }, text };
    },
  };
}

const scripts = {
  bash: (commands: readonly Command[]) => `${bashFunction(commands)}\ncomplete -o default -F _unkey unkey`,
  zsh: (commands: readonly Command[]) =>
    [
      '#compdef unkey',
      'autoload -U +X bashcompinit && bashcompinit',
      bashFunction(commands),
      'complete -o default -F _unkey unkey',
    ].join('\n'),
  fish: fishScript,
};

/** Words after `unkey`, in the order of the help: commands without a group, then groups. */
function firstWords(commands: readonly Command[]): readonly string[] {
  return [...new Set(commands.map(({ group, name }) => group ?? name))];
}

function flagWords(command: Command): string {
  return Object.keys(flagsOf(command))
    .map((flag) => `--${flag}`)
    .join(' ');
}

function bashFunction(commands: readonly Command[]): string {
  const alone = commands.filter(({ group }) => group === null);
  const groups = [...new Set(commands.flatMap(({ group }) => group ?? []))];
  const ofGroup = (group: string) => commands.filter((command) => command.group === group);
  return [
    '_unkey() {',
    '  local words=""',
    `  case "$COMP_CWORD:\${COMP_WORDS[1]}:\${COMP_WORDS[2]}" in`,
    `    1:*) words="${firstWords(commands).join(' ')}" ;;`,
    ...alone.map((command) => `    *:${command.name}:*) words="${flagWords(command)}" ;;`),
    ...groups.flatMap((group) => [
      `    2:${group}:*) words="${ofGroup(group)
        .map(({ name }) => name)
        .join(' ')}" ;;`,
      ...ofGroup(group).map((command) => `    *:${group}:${command.name}) words="${flagWords(command)}" ;;`),
    ]),
    '  esac',
    `  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    '}',
  ].join('\n');
}

function fishScript(commands: readonly Command[]): string {
  const groups = [...new Set(commands.flatMap(({ group }) => group ?? []))];
  return [
    'complete -c unkey -f',
    ...groups.map((group) => `complete -c unkey -n __fish_use_subcommand -a ${group}`),
    ...commands.flatMap(fishLines),
  ].join('\n');
}

function fishLines(command: Command): readonly string[] {
  const { group, name, summary } = command;
  const seen = (words: string) => `__fish_seen_subcommand_from ${words}`;
  const [before, after] =
    group === null
      ? ['__fish_use_subcommand', seen(name)]
      : [
          `"${seen(group)}; and test (count (commandline -opc)) -eq 2"`,
          `"${seen(group)}; and ${seen(name)}"`,
        ];
  const flags = Object.entries(flagsOf(command)).map(([flag, { kind, description }]) => {
    const takesValue = kind === 'text' || kind === 'list' ? ' -r' : '';
    return `complete -c unkey -n ${group === null ? `"${after}"` : after} -l ${flag}${takesValue} -d ${quoted(description)}`;
  });
  return [`complete -c unkey -n ${before} -a ${name} -d ${quoted(summary)}`, ...flags];
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', ' ')}'`;
}
