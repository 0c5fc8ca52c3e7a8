import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Response } from '../../../src/model/command.ts';
import {
  type BridgedDevice,
  createBridgedDevice,
  maxPowerW,
  type Trouble,
} from '../../support/bridge/scripted-device.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const owners = ['pv', 'tariff', 'person'] as const;

type Step =
  | { do: 'send'; owner: number; verb: string; power: number; priority: number; lease: number; ttl: number }
  | { do: 'again'; nth: number; isOther: boolean }
  | { do: 'release'; owner: number; verb: string | undefined }
  | { do: 'wait'; ms: number }
  | { do: 'trouble'; trouble: Trouble }
  | { do: 'restart'; isKilled: boolean }
  | { do: 'jump'; ms: number };

const send = fc.record({
  do: fc.constant('send' as const),
  owner: fc.nat(owners.length - 1),
  verb: fc.constantFrom('charge', 'discharge', 'hold', 'limit_charge'),
  power: fc.integer({ min: -100, max: maxPowerW + 500 }),
  priority: fc.constantFrom(10, 50, 50, 70, 95),
  lease: fc.integer({ min: 8, max: 60 }),
  ttl: fc.integer({ min: 1, max: 15 }),
});
const again = fc.record({ do: fc.constant('again' as const), nth: fc.nat(20), isOther: fc.boolean() });
const release = fc.record({
  do: fc.constant('release' as const),
  owner: fc.nat(owners.length - 1),
  verb: fc.constantFrom(undefined, 'charge', 'limit_charge'),
});
const wait = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 100, max: 30_000 })),
});
const trouble = fc.record({
  do: fc.constant('trouble' as const),
  trouble: fc.constantFrom<Trouble>('none', 'none', 'none', 'offline', 'refused', 'late', 'mismatch'),
});
const restart = fc.record({ do: fc.constant('restart' as const), isKilled: fc.boolean() });
const jump = fc.record({ do: fc.constant('jump' as const), ms: fc.integer({ min: -20_000, max: 20_000 }) });

const withRestarts: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ arbitrary: send, weight: 4 }, again, release, { arbitrary: wait, weight: 4 }, trouble, restart),
  { maxLength: 40, size: 'max' },
);
const withJumps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ arbitrary: send, weight: 4 }, again, release, { arbitrary: wait, weight: 4 }, trouble, jump),
  { maxLength: 40, size: 'max' },
);

interface Sent {
  id: string;
  owner: string;
  verb: string;
  power: number;
  priority: number;
  /** Monotonic, ms. */
  until: number;
  body: Record<string, unknown>;
  /** It was on its way when the runtime ended. */
  isCutOff: boolean;
}

interface Released {
  after: number;
  owner: string;
  verb: string | undefined;
  /** Claims that had no outcome yet. */
  open: Sent[];
}

const keyOf = ({ owner, verb }: Sent): string => (verb === 'limit_charge' ? `${owner} limit` : owner);

/** Claims that may bind the device now, worked out from the answers alone. */
const standing = (sent: Sent[], releases: Released[], rig: BridgedDevice, now: number) => {
  const held = new Map<string, Sent>();
  /** Of what was released before it had an outcome, what it took the place of is gone as well. */
  const release = (after: number): void => {
    for (const { owner, verb, open } of releases.filter((each) => each.after === after))
      for (const old of [...held.values(), ...open]) {
        const holding = held.get(keyOf(old));
        const isMeant = old.owner === owner && (verb === undefined || old.verb === verb);
        if (isMeant && holding && sent.indexOf(holding) <= sent.indexOf(old)) held.delete(keyOf(old));
      }
  };
  sent.forEach((each, i) => {
    release(i);
    const outcome = rig.outcome(each.id);
    const isHeld = outcome?.status === 'completed' || outcome?.code === 'PRIORITY_LOWER';
    const key = keyOf(each);
    // Cut off by a restart, it came to nothing: nobody remembers what its owner held before, and safe is safe.
    if (each.isCutOff && outcome && !isHeld) held.delete(key);
    if (isHeld) held.set(key, each);
  });
  release(sent.length);
  return [...held.values()].filter(({ until }) => until > now);
};

const run = async (steps: Step[]): Promise<void> => {
  const clock: VirtualClock = createVirtualClock();
  const rig = createBridgedDevice(clock, { trusted: ['grid/*'] });
  const sent: Sent[] = [];
  const releases: Released[] = [];
  await clock.advanceAsync(0);

  const ask = (verb: string, params: object, more: Record<string, unknown>): string => rig.send(verb, params, more);

  for (const step of steps) {
    if (step.do === 'wait') await clock.advanceAsync(step.ms);
    else if (step.do === 'jump') clock.jump(step.ms);
    else if (step.do === 'trouble') rig.device.setTrouble(step.trouble);
    else if (step.do === 'restart') {
      for (const each of sent) each.isCutOff ||= !rig.outcome(each.id);
      await rig.restart(step.isKilled);
    } else if (step.do === 'release') {
      const owner = owners[step.owner] as string;
      releases.push({ after: sent.length, owner, verb: step.verb, open: sent.filter(({ id }) => !rig.outcome(id)) });
      ask('release', step.verb === undefined ? {} : { command: step.verb }, { requester: owner });
    } else if (step.do === 'again') {
      const old = sent[step.nth];
      if (old) rig.send(old.verb, step.isOther ? { power_w: 1 } : { ...(old.body.params as object) }, old.body);
    } else {
      const owner = owners[step.owner] as string;
      const params = step.verb === 'hold' ? {} : { power_w: step.power };
      const more = { requester: owner, priority: step.priority, lease_s: step.lease, ttl_s: step.ttl };
      const id = ask(step.verb, params, more);
      const accepted = rig.responses.find((each) => each.id === id);
      sent.push({
        id,
        owner,
        verb: step.verb,
        power: step.power,
        priority: step.priority,
        until: clock.monotonic() + step.lease * 1000,
        body: { ...more, id, ts: accepted?.ts, params },
        isCutOff: false,
      });
    }
    await clock.advanceAsync(0);
  }

  // In the end the device works and everybody has gone.
  rig.device.setTrouble('none');
  await clock.advanceAsync(35_000);
  const bound = standing(sent, releases, rig, clock.monotonic());
  const order = rig.device.holds();
  const limits = bound.filter(({ verb }) => verb === 'limit_charge').map(({ power }) => power);
  if (order && limits.length > 0 && order.verb === 'charge')
    assert.ok(Number(order.params.power_w) <= Math.min(...limits), 'a limit is exceeded');
  const setpoints = bound.filter(({ verb }) => verb !== 'limit_charge');
  // Where a lease ended a moment ago, the device may still be on its way.
  const now = clock.monotonic();
  const isChanging = sent.some(({ until }) => until <= now && until > now - 1000);
  const strongest = Math.max(...setpoints.map(({ priority }) => priority));
  if (setpoints.length > 0 && !isChanging) {
    const winners = setpoints.filter(({ priority }) => priority === strongest);
    const verbs = winners.map(({ verb }) => verb);
    assert.ok(verbs.includes(String(order?.verb)), `${order?.verb} instead of ${verbs}`);
    const ends = winners.map(({ until }) => until);
    assert.ok(ends.includes(order?.notAfter ?? 0), `kept alive until ${order?.notAfter} instead of ${ends}`);
  }
  await clock.advanceAsync(120_000);
  const last = rig.device.holds();
  if (last) assert.deepEqual([last.verb, last.limits], [undefined, {}], 'the device is not in its safe state');

  // Each id has one distinct outcome, and whatever was accepted has one.
  const byId = new Map<string, Response[]>();
  for (const response of rig.responses) byId.set(response.id, [...(byId.get(response.id) ?? []), response]);
  for (const [id, all] of byId) {
    const outcomes = all.filter(({ status, code }) => status !== 'accepted' && code !== 'DUPLICATE');
    const distinct = new Set(outcomes.map((each) => JSON.stringify(Object.entries(each).sort())));
    assert.equal(distinct.size, 1, `${id}: ${all.map(({ status, code }) => `${status} ${code ?? ''}`).join(', ')}`);
  }

  // Nothing is written for anybody when their time is over, nor beyond what was asked for.
  for (const { at, order: written } of rig.device.writes) {
    if (written.verb === undefined) continue;
    const asked = sent.filter(({ verb, until }) => verb === written.verb && until > at);
    assert.ok(asked.length > 0, `${written.verb} written at ${at} for nobody`);
    const { power_w: power } = written.params;
    if (typeof power === 'number') assert.ok(power <= Math.max(...asked.map((each) => each.power)));
    const limit = written.limits.limit_charge;
    if (written.verb === 'charge' && limit !== undefined) assert.ok(Number(power) <= limit);
  }
  await rig.stop();
};

describe('commands, in any order and with anything going wrong (fast-check)', () => {
  it('one outcome each, the device in the state of the strongest or safe, nothing twice and nothing late', () =>
    fc.assert(fc.asyncProperty(withRestarts, run), { numRuns: 300 }));

  it('whatever the wall clock does', () => fc.assert(fc.asyncProperty(withJumps, run), { numRuns: 300 }));
});
