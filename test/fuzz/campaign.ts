/** Hostile stations against the server under fire, and one honest station that must not notice. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { dial, type RawStation } from '../support/ocpp/raw-station.ts';
import { until } from '../support/until.ts';
import { createDice, type Dice } from './dice.ts';
import { makeBatch, runBatch } from './frames.ts';
import { makeHandshake, type Ports, tryHandshake } from './handshakes.ts';
import { crowd, lockedStations, neighbour, openStations, secrets } from './known.ts';
import type { Stats } from './server.ts';

export interface Report {
  handshakes: number;
  frames: number;
  /** How many of the handshakes came in, and of the connections were answered to the end. */
  letIn: number;
  answered: number;
  /** The most that the server worked between two answers to the honest station, ms; how many it got. */
  neighbourMs: number;
  neighbourAnswers: number;
  /** The longest that the loop of the server was busy, ms of the processor: under fire, and while the crowd came in. */
  loopMs: number;
  crowdLoopMs: number;
  crowdMs: number;
  /** In the server, before and after. */
  heapMB: [before: number, after: number];
  after: Stats;
  /** Failures, in words; none is as it should be. */
  faults: string[];
}

interface Server {
  ports: Ports;
  stats(): Promise<Stats>;
  hasDied(): boolean;
  stop(): Promise<void>;
}

const startServer = async (): Promise<Server> => {
  const child: ChildProcess = fork(new URL('server.ts', import.meta.url), { execArgv: ['--expose-gc'] });
  const [{ ports }] = (await once(child, 'message')) as [{ ports: number[] }];
  const [plain = 0, secure = 0] = ports;
  return {
    ports: { plain, secure },
    async stats() {
      child.send('stats');
      const [{ stats }] = (await once(child, 'message')) as [{ stats: Stats }];
      return stats;
    },
    hasDied: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
};

const frameWorkers = openStations.length;
const handshakeWorkers = 16;
const busyStatus = 503;
const mostAttempts = 5;
const neighbourEveryMs = 20;
/** Work for others that may come before the turn of the honest station, ms of the processor. */
const neighbourLimitMs = 5000;
/** A peer that says nothing for so long, ms, will not say anything, however busy the machine is. */
const hangsAfterMs = 90_000;
const loopLimitMs = 2000;
const heapGrowthLimitMB = 60;

interface Honest {
  worstMs(): number;
  answers(): number;
  stop(): void;
}

const heartbeat = z.tuple([z.literal(3), z.string(), z.object({ workedMs: z.number() })]);

/** The honest station: one call after the other, each told what the server has worked by then. */
const startNeighbour = async (port: number, say: (fault: string) => void): Promise<Honest> => {
  const station = await dial(`ws://127.0.0.1:${port}/${neighbour.identity}`, { password: neighbour.password });
  let worst = 0;
  let answers = 0;
  let before: number | undefined;
  let isOver = false;
  station.closed.then(({ code, reason }) => isOver || say(`the honest station was shown out: ${code} ${reason}`));
  const run = async (): Promise<void> => {
    while (!isOver) {
      station.frames.length = 0;
      station.send([2, `n${answers}`, 'Heartbeat', {}]);
      await until(() => station.frames.length > 0 || isOver, 'an answer to the honest station', hangsAfterMs);
      if (isOver) return;
      const [, , { workedMs }] = heartbeat.parse(station.frames[0]);
      worst = Math.max(worst, workedMs - (before ?? workedMs));
      before = workedMs;
      answers++;
      await new Promise((resolve) => setTimeout(resolve, neighbourEveryMs));
    }
  };
  run().catch((error: Error) => say(error.message));
  return {
    worstMs: () => worst,
    answers: () => answers,
    stop() {
      isOver = true;
      station.close();
    },
  };
};

/** All stations of a garage come at once, as after a power failure. @returns how long it took, ms */
const bringCrowd = async (port: number, say: (fault: string) => void): Promise<number> => {
  const began = performance.now();
  const arrivals = Array.from({ length: crowd.size }, (_, i) =>
    dial(`ws://127.0.0.1:${port}/${crowd.identity(i)}`, { password: crowd.password }),
  );
  const results = await Promise.allSettled(arrivals);
  const tookMs = performance.now() - began;
  const refused = results.filter((result) => result.status === 'rejected');
  if (refused.length > 0) say(`${refused.length} of the crowd did not come in, one because of: ${refused[0]?.reason}`);
  const stations = results.flatMap((result): RawStation[] => (result.status === 'fulfilled' ? [result.value] : []));
  for (const { socket } of stations) socket.terminate();
  await Promise.all(stations.map(({ closed }) => closed));
  return tookMs;
};

/**
 * @param cases how many in all: a quarter of them handshakes, the others frames
 * @param tell progress, in words
 */
export const runCampaign = async (
  cases: number,
  seed: number,
  tell: (words: string) => void = () => {},
): Promise<Report> => {
  const server = await startServer();
  const faults = new Set<string>();
  const say = (fault: string): void => void faults.add(fault);
  const dice = createDice(seed);
  const counts = { handshakes: 0, frames: 0, letIn: 0, answered: 0 };
  const { ports } = server;
  const port = ports.plain;
  const honest = await startNeighbour(port, say);
  const isOver = (): boolean => server.hasDied() || faults.size > 20;

  /** Under fire a station may have to come again, as it is told. */
  const comeIn = async (each: ReturnType<typeof makeHandshake>): Promise<number> => {
    for (let attempt = 1; ; attempt++) {
      const status = await tryHandshake(ports, each);
      if (status !== busyStatus || each.expected !== 'in' || attempt > mostAttempts) return status;
      await new Promise((resolve) => setTimeout(resolve, 100 * attempt));
    }
  };

  const wantedHandshakes = Math.ceil(cases / 4);
  const shakeHands = async (own: Dice): Promise<void> => {
    while (counts.handshakes < wantedHandshakes && !isOver()) {
      counts.handshakes++;
      const each = makeHandshake(own);
      const status = await comeIn(each);
      if (status === 101) counts.letIn++;
      const { expected, way, identity, bytes } = each;
      if (expected === 'out' && status === 101)
        say(`${identity} (${way}) came in with: ${JSON.stringify(bytes.toString('latin1'))}`);
      if (expected === 'in' && status !== 101)
        say(`${identity} (${way}) was refused with ${status}: ${JSON.stringify(bytes.toString('latin1'))}`);
      if (status < 0) say(`no answer (${way}) to ${JSON.stringify(bytes.toString('latin1'))}`);
    }
  };
  const wantedFrames = cases - wantedHandshakes;
  const sendFrames = async (own: Dice, identity: string): Promise<void> => {
    while (counts.frames < wantedFrames && !isOver()) {
      const batch = makeBatch(own, Math.min(1 + own.int(80), wantedFrames - counts.frames));
      counts.frames += batch.cases.length;
      const outcome = await runBatch(port, identity, batch, own);
      if (outcome === 'answered') counts.answered++;
      if (outcome !== 'answered' && (batch.isBearable || outcome !== 'ended'))
        say(`after a batch of frames: ${outcome}`);
    }
  };
  const all = <T>(count: number, run: (i: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => run(i)));

  // Once round, so that what is loaded and compiled once counts as before.
  await all(4, (i) => tryHandshake(ports, makeHandshake(createDice(i))));
  const before = await server.stats();
  const progress = setInterval(() => tell(`${counts.handshakes} handshakes, ${counts.frames} frames`), 5000);
  // One after the other: hostile handshakes take the place of the stations that send frames.
  await all(handshakeWorkers, () => shakeHands(createDice(dice.int(2 ** 31))));
  await all(frameWorkers, (i) => sendFrames(createDice(dice.int(2 ** 31)), openStations[i] ?? ''));
  clearInterval(progress);

  const finish = async (): Promise<Omit<Report, 'faults'>> => {
    const fired = await server.stats();
    const crowdMs = await bringCrowd(port, say);
    const crowded = await server.stats();
    let after = crowded;
    const isQuiet = (): boolean => after.connected === 1 && after.openCalls === 0;
    for (let i = 0; i < 100 && !isQuiet(); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      after = await server.stats();
    }
    for (const [identity, password] of secrets)
      await dial(`ws://127.0.0.1:${port}/${identity}`, { password }).then(
        (station) => station.socket.terminate(),
        (error: Error) => say(`${identity} does not come in with its own password: ${error.message}`),
      );
    if (after.connected !== 1) say(`${after.connected - 1} connections are left over`);
    if (after.openCalls !== 0) say(`${after.openCalls} of ${after.calls} calls have not settled`);
    if ((after.handles.TCPSocketWrap ?? 0) > 1) say(`${after.handles.TCPSocketWrap} sockets are left over`);
    if ((after.handles.Timeout ?? 0) > (before.handles.Timeout ?? 0) + 5)
      say(`${after.handles.Timeout} timers are left over`);
    if (after.refusals > 100) say(`${after.refusals} refusals are kept`);
    if (after.heapMB > before.heapMB + heapGrowthLimitMB)
      say(`memory grew from ${before.heapMB} to ${after.heapMB} MB`);
    for (const identity of lockedStations) if (after.cameIn[identity]) say(`${identity} came in`);
    if (after.neighbourEnds > 0) say('the honest station was disconnected');
    if (honest.worstMs() > neighbourLimitMs) say(`the honest station had to wait for ${honest.worstMs()} ms of work`);
    if (Math.max(fired.loopMs, crowded.loopMs) > loopLimitMs)
      say(`the loop was busy for ${fired.loopMs} ms under fire, for ${crowded.loopMs} ms with the crowd`);
    return {
      ...counts,
      neighbourMs: honest.worstMs(),
      neighbourAnswers: honest.answers(),
      loopMs: fired.loopMs,
      crowdLoopMs: crowded.loopMs,
      crowdMs,
      heapMB: [before.heapMB, after.heapMB],
      after,
    };
  };

  try {
    if (server.hasDied())
      throw new Error(`the server died after ${counts.handshakes} handshakes, ${counts.frames} frames`);
    return { ...(await finish()), faults: [...faults] };
  } finally {
    honest.stop();
    await server.stop();
  }
};
