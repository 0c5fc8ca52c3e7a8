import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Mosquitto, startMosquitto } from '../support/mqtt/mosquitto.ts';
import { type CommandFlow, startCommandFlow } from '../support/node-red/command-flow.ts';
import { until } from '../support/until.ts';

const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
const python = fileURLToPath(new URL('.venv/bin/python', import.meta.url));

/** The example of the page in this language, as it is printed there. */
const example = (language: string): string => {
  const text = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1];
  assert.ok(text, `there is no example in ${language}`);
  return text;
};

describe('the controllers of the documentation', () => {
  let mosquitto: Mosquitto;
  let street: CommandFlow;
  let folder: string;

  before(async () => {
    mosquitto = await startMosquitto();
    street = await startCommandFlow({ brokerPort: mosquitto.port });
    folder = mkdtempSync(join(tmpdir(), 'ems-controllers-'));
  });
  after(async () => {
    await street?.close();
    await mosquitto?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (program: string, name: string, text: string, watts: number) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    const env = { ...process.env, EMS_PORT: String(mosquitto.port) };
    const child = spawn(program, [file, 'b', String(watts)], { env });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said += chunk;
      });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { child, ended, said: () => said };
  };

  it('the shell charges for as long as it runs, and lets go at its end', async () => {
    const { child, ended, said } = start('sh', 'charge.sh', example('sh'), 1234);
    await until(() => /"status":"completed".*"power_w":1234/.test(said()), `it charges: ${said()}`);
    assert.equal(street.device.state().powerW, -1234);
    child.kill('SIGTERM');
    await ended;
    await until(() => street.device.state().mode === 0, 'the battery is on its own again');
    assert.match(said(), /"command":"release","status":"completed"/);
  });

  it('Python charges and is told of it', async () => {
    const { ended, said } = start(python, 'charge.py', example('python'), 1357);
    assert.equal(await ended, 0, said());
    assert.match(said(), /^accepted\s+completed +\{'power_w': 1357\}\s*$/);
    assert.equal(street.device.state().powerW, -1357);
  });
});
