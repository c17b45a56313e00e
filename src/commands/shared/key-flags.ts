import { Option, type Command } from 'commander';
import { collect } from './collect.ts';

/** Adds the flags that say what holds a private key, and which key. */
export function withKeyStore(command: Command, usual: string): Command {
  return command
    .addOption(
      new Option('--key-store <store>', `what holds the private key (default: ${usual})`).choices([
        'file',
        'ssh-agent',
        'keychain',
        'command',
      ]),
    )
    .option('--ssh-key <key>', 'ssh-agent: comment or fingerprint of the P-256 key')
    .option(
      '--signer <word>',
      'command: the program that signs (KMS, HSM, TPM), then each of its arguments; repeatable',
      collect,
      [],
    )
    .option('--public-key <file>', 'command: its public key');
}
