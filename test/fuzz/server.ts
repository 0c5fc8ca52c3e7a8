/** The server under fire, in a process of its own: what it does to itself is seen from outside. */
import { startCsms } from '../../src/drivers/ocpp/csms.ts';
import { CallFailure, type StationHandler, type StationLink } from '../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { authority, identityOf } from '../support/certificates.ts';
import { certified, crowd, lockedStations, neighbour, openStations, passwords, secrets } from './known.ts';

/** Figures the server tells about itself. */
export interface Stats {
  connected: number;
  /** How often a station of this identity came in. */
  cameIn: Record<string, number>;
  /** How often the connection of the neighbour ended. */
  neighbourEnds: number;
  /** Calls to stations that have not settled. */
  openCalls: number;
  calls: number;
  handled: number;
  refusals: number;
  /** Sockets and timers, by kind. */
  handles: Record<string, number>;
  heapMB: number;
  /** The longest that the loop was busy since the last time it was asked, ms of the processor: others may have it too. */
  loopMs: number;
}

const stats = { cameIn: {} as Record<string, number>, neighbourEnds: 0, openCalls: 0, calls: 0, handled: 0 };

/** Work of the event loop since the process began, ms of the processor. */
const workedMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
const loop = { max: 0, before: workedMs() };
setInterval(() => {
  const now = workedMs();
  loop.max = Math.max(loop.max, now - loop.before);
  loop.before = now;
}, 5);

/** Asks the station something, which it may answer with anything or not at all. */
const ask = (link: StationLink): void => {
  stats.calls++;
  stats.openCalls++;
  const options = { timeoutMs: 100, isUrgent: stats.calls % 3 === 0, key: `k${stats.calls % 5}` };
  link.call('GetConfiguration', {}, options).then(
    () => stats.openCalls--,
    (error: unknown) => {
      if (!(error instanceof CallFailure)) throw error;
      stats.openCalls--;
    },
  );
};

/** A handler with all the bad manners that a handler can have. */
const createHandler = (identity: string): StationHandler => {
  let link: StationLink | undefined;
  const manners: (() => Promise<object> | object)[] = [
    () => ({ now: 1 }),
    () => Promise.resolve({}),
    () => new Promise<object>(() => {}),
    () => Promise.reject(new Error('broken')),
    () => Promise.reject(new CallFailure('error', 'x'.repeat(1000), 'NotSupported')),
    () => ({ n: 1n }),
    () => {
      throw new TypeError('broken at once');
    },
  ];
  return {
    connected(connected) {
      link = connected;
      stats.cameIn[identity] = (stats.cameIn[identity] ?? 0) + 1;
    },
    called(action) {
      stats.handled++;
      if (action === 'Sentinel') return {};
      if (link && stats.handled % 7 === 0) ask(link);
      return manners[stats.handled % manners.length]?.() ?? {};
    },
    disconnected() {
      if (identity === neighbour.identity) stats.neighbourEnds++;
    },
  };
};

const csms = await startCsms(
  {
    listeners: [
      { host: '127.0.0.1', port: 0 },
      {
        host: '127.0.0.1',
        port: 0,
        tls: { read: async () => ({ ...identityOf('server'), ca: authority() }), asksClients: true },
      },
    ],
    passwords,
    proxies: { addresses: ['127.0.0.1'] },
    unknown: ({ identity }) => (identity.startsWith('HOLD') ? createHandler('held') : undefined),
    // Over TLS all come from one address, and who has the right password must not wait for the others.
    limits: { deadlineMs: 200, closeGraceMs: 200, wrongRate: { perS: 1000, burst: 1000 }, refusalMs: 0 },
  },
  systemClock,
);
const versions = ['1.6', '2.0.1', '2.1'] as const;
const kept = async (password: string, kind: 'chosen' | 'generated'): Promise<string[]> => [
  (await passwords.protect(password, kind)) ?? '',
];
for (const identity of openStations)
  csms.register(identity, { versions, security: 0, isVersionAssumed: true }, createHandler(identity));
for (const [identity, password] of secrets) {
  const kind = identity === 'CHOSEN' ? 'chosen' : 'generated';
  csms.register(identity, { versions, security: 1, passwords: await kept(password, kind) }, createHandler(identity));
}
const [needsTls = '', needsCertificate = ''] = lockedStations;
csms.register(
  needsTls,
  { versions, security: 2, passwords: await kept('nobody knows this one', 'chosen') },
  createHandler(needsTls),
);
csms.register(certified, { versions, security: 3 }, createHandler(certified));
csms.register(needsCertificate, { versions, security: 3 }, createHandler(needsCertificate));
const calm: StationHandler = { ...createHandler(neighbour.identity), called: () => ({ workedMs: workedMs() }) };
csms.register(
  neighbour.identity,
  { versions, security: 1, passwords: await kept(neighbour.password, 'generated') },
  calm,
);
const crowdPasswords = await kept(crowd.password, 'generated');
for (let i = 0; i < crowd.size; i++) {
  const settings = { versions, security: 1, passwords: crowdPasswords } as const;
  csms.register(crowd.identity(i), settings, { ...createHandler('crowd'), called: () => ({ now: 1 }) });
}

const tell = (): Stats => {
  (globalThis as { gc?: () => void }).gc?.();
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  const loopMs = loop.max;
  loop.max = 0;
  const heapMB = process.memoryUsage().heapUsed / 2 ** 20;
  const { length: refusals } = csms.rejections();
  return { ...stats, connected: csms.connected(), refusals, handles, heapMB, loopMs };
};
process.on('message', () => process.send?.({ stats: tell() }));
// The parent process is gone.
process.on('disconnect', () => process.exit());
process.send?.({ ports: csms.ports });
