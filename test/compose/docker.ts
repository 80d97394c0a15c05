import { type CommandOptions, runCommand } from './command.ts';

type Output = Awaited<ReturnType<typeof runCommand>>;

/** The commands of Docker, on the engine of this run. */
export interface Docker {
  readonly env: Record<string, string>;
  readonly composeProgram: string;
  run(args: readonly string[], options?: CommandOptions): Promise<Output>;
  compose(args: readonly string[], options?: CommandOptions): Promise<Output>;
}

/** What a test file's environment says of the engine; `run.ts` sets it. */
export interface DockerAddress {
  DOCKER_HOST: string;
  REELMILL_TEST_COMPOSE: string;
}

export function dockerAt(address: DockerAddress): Docker {
  // Bake needs a plugin; without it Compose builds by itself
  const env = { DOCKER_HOST: address.DOCKER_HOST, COMPOSE_BAKE: 'false' };
  const withEnv = (options: CommandOptions = {}): CommandOptions => ({
    ...options,
    env: { ...env, ...options.env },
  });
  return {
    env,
    composeProgram: address.REELMILL_TEST_COMPOSE,
    run: (args, options) => runCommand('docker', args, withEnv(options)),
    compose: (args, options) => runCommand(address.REELMILL_TEST_COMPOSE, args, withEnv(options)),
  };
}

/** The Docker of this run. */
export function useDocker(): Docker {
  const { DOCKER_HOST, REELMILL_TEST_COMPOSE } = process.env;
  if (!DOCKER_HOST || !REELMILL_TEST_COMPOSE) throw new Error('npm run test:compose starts what this needs');
  return dockerAt({ DOCKER_HOST, REELMILL_TEST_COMPOSE });
}
