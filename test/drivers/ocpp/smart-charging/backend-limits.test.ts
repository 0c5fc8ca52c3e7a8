import assert from 'node:assert/strict';
import { decodeRelayed } from '../../../../src/drivers/ocpp/codec/relayed-requests.ts';
import type { SchedulePeriod } from '../../../../src/drivers/ocpp/smart-charging/amperes-and-watts.ts';
import { BackendLimits } from '../../../../src/drivers/ocpp/smart-charging/backend-limits.ts';
import type { LimitForm } from '../../../../src/drivers/ocpp/station/station-facts.ts';
import { StationRecords } from '../../../../src/drivers/ocpp/station/station-records.ts';
import { createMemoryJournal, type MemoryJournal } from '../../../support/memory-journal.ts';

const now = Date.UTC(2026, 5, 1, 12);
const iso = (s: number): string => new Date(now + s * 1000).toISOString();
const supply = { voltage: 230, phases: 3 } as const;

describe('limits of a backend', () => {
  let limits: BackendLimits;
  let journal: MemoryJournal;
  /** 1.6: a profile in the same place is replaced. */
  let isSamePlaceReplaced: boolean;

  interface Told {
    id?: number;
    evse?: number;
    level?: number;
    purpose?: string;
    kind?: string;
    from?: number;
    unit?: 'A' | 'W';
    duration?: number;
    periods?: [number, number][];
    more?: object;
  }
  const wire = (told: Told): object => {
    const { id = 1, level = 0, purpose = 'TxDefaultProfile', kind = 'Absolute', from = -60 } = told;
    const { unit = 'A', duration, periods = [[0, 10]], more } = told;
    return {
      chargingProfileId: id,
      stackLevel: level,
      chargingProfilePurpose: purpose,
      chargingProfileKind: kind,
      ...more,
      chargingSchedule: {
        chargingRateUnit: unit,
        ...(kind === 'Relative' ? {} : { startSchedule: iso(from) }),
        ...(duration === undefined ? {} : { duration }),
        chargingSchedulePeriod: periods.map(([startPeriod, limit]) => ({ startPeriod, limit })),
      },
    };
  };
  /** A request of the backend on its way to the station. @returns how to take it back */
  const relay = (action: string, payload: Record<string, unknown>): (() => void) | undefined => {
    const request = decodeRelayed(action, payload);
    if (request?.kind === 'clear_profile') limits.clear(request.filter);
    return request?.kind === 'set_profile' ? limits.set(request.profile, request.isStart, now) : undefined;
  };
  const set = (told: Told): (() => void) | undefined =>
    relay('SetChargingProfile', { connectorId: told.evse ?? 1, csChargingProfiles: wire(told) });
  const restrict = (currentA: number, begun?: number): [number, number][] =>
    limits
      .restrict([{ startS: 0, currentA }], { evse: 1, supply, begun, minCurrentA: 6, now })
      .map(({ startS, currentA: allowedA }: SchedulePeriod): [number, number] => [startS, allowedA]);
  const open = (): void => {
    limits = new BackendLimits({
      records: new StationRecords(journal),
      isSamePlaceReplaced: () => isSamePlaceReplaced,
    });
  };

  beforeEach(() => {
    journal = createMemoryJournal();
    isSamePlaceReplaced = true;
    open();
  });

  describe('the lower one at each time', () => {
    const cases: [what: string, told: Told[], ours: number, expected: [number, number][]][] = [
      ['nothing of theirs', [], 16, [[0, 16]]],
      ['theirs is lower', [{}], 16, [[0, 10]]],
      ['ours is lower', [{}], 8, [[0, 8]]],
      ['theirs is a pause', [{ periods: [[0, 3]] }], 8, [[0, 0]]],
      ['watts of three phases', [{ unit: 'W', periods: [[0, 6900]] }], 16, [[0, 10]]],
      [
        'theirs comes later',
        [{ from: 600 }],
        16,
        [
          [0, 16],
          [600, 10],
        ],
      ],
      [
        'theirs ends',
        [{ duration: 360 }],
        16,
        [
          [0, 10],
          [300, 16],
        ],
      ],
      [
        'theirs changes',
        [
          {
            periods: [
              [0, 10],
              [660, 7],
              [1260, 20],
            ],
          },
        ],
        16,
        [
          [0, 10],
          [600, 7],
          [1200, 16],
        ],
      ],
      [
        'the highest of theirs',
        [
          { id: 1, level: 0, periods: [[0, 7]] },
          { id: 2, level: 3 },
        ],
        16,
        [[0, 10]],
      ],
      [
        'the highest that says something',
        [
          { id: 1, level: 0 },
          { id: 2, level: 3, duration: 30 },
        ],
        16,
        [[0, 10]],
      ],
      [
        'of the station and of the session',
        [{ id: 1 }, { id: 2, purpose: 'ChargePointMaxProfile', evse: 0, periods: [[0, 9]] }],
        16,
        [[0, 9]],
      ],
      ['of all connectors', [{ evse: 0 }], 16, [[0, 10]]],
      ['of another connector', [{ evse: 2 }], 16, [[0, 16]]],
      ['not valid any more', [{ more: { validTo: iso(-1) } }], 16, [[0, 16]]],
      [
        'not valid yet',
        [{ more: { validFrom: iso(60) } }],
        16,
        [
          [0, 16],
          [60, 10],
        ],
      ],
    ];
    for (const [what, told, ours, expected] of cases)
      it(what, () => {
        for (const each of told) set(each);
        assert.deepEqual(restrict(ours), expected);
      });

    it('every day: today, and again in the night', () => {
      set({ kind: 'Recurring', from: -7200, duration: 10_800, more: { recurrencyKind: 'Daily' } });
      assert.deepEqual(restrict(16), [
        [0, 10],
        [3600, 16],
        [79_200, 10],
      ]);
    });

    it('from the beginning of the transaction on', () => {
      set({
        kind: 'Relative',
        periods: [
          [0, 10],
          [3600, 8],
        ],
      });
      assert.deepEqual(restrict(16, now - 1800_000), [
        [0, 10],
        [1800, 8],
      ]);
    });

    it('one of the transaction goes before the default, as long as there is one', () => {
      set({ id: 1 });
      set({ id: 2, purpose: 'TxProfile', periods: [[0, 14]] });
      assert.deepEqual(restrict(16), [[0, 10]]);
      assert.deepEqual(restrict(16, now), [[0, 14]]);
      limits.onTransaction(1, false);
      assert.deepEqual(restrict(16, now), [[0, 10]]);
    });

    it('one that came with a remote start waits for its transaction, and ends with it', () => {
      const profile = wire({ purpose: 'TxProfile', periods: [[0, 9]] });
      relay('RemoteStartTransaction', { connectorId: 1, idTag: 'A', chargingProfile: profile });
      limits.onTransaction(1, false);
      limits.onTransaction(1, true);
      assert.deepEqual(restrict(16, now), [[0, 9]]);
      limits.onTransaction(1, false);
      assert.deepEqual(restrict(16, now), [[0, 16]]);
    });

    it('one of the transaction of another connector stays when a transaction ends here', () => {
      set({ id: 1, evse: 2, purpose: 'TxProfile' });
      limits.onTransaction(1, true);
      limits.onTransaction(1, false);
      assert.equal(limits.hasProfile(1), true);
      assert.deepEqual(restrict(16, now), [[0, 16]]);
      limits.onTransaction(2, false);
      assert.equal(limits.hasProfile(1), false);
    });

    it('in many pieces: as many as a station takes', () => {
      set({ periods: Array.from({ length: 60 }, (_, i): [number, number] => [i * 600, 6 + (i % 2)]) });
      assert.ok(restrict(16).length <= 24);
    });
  });

  describe('which of theirs there are', () => {
    it('the same place, or the same id', () => {
      set({ id: 1, periods: [[0, 10]] });
      set({ id: 2, periods: [[0, 8]] });
      assert.equal(limits.hasProfile(1), false);
      isSamePlaceReplaced = false;
      set({ id: 3, level: 0, periods: [[0, 7]] });
      assert.equal(limits.hasProfile(2), true);
    });

    it('taken back: as it was', () => {
      set({ id: 1 });
      const takeBack = set({ id: 1, periods: [[0, 7]] });
      assert.deepEqual(restrict(16), [[0, 7]]);
      takeBack?.();
      assert.deepEqual(restrict(16), [[0, 10]]);
    });

    it('after a restart', () => {
      set({});
      open();
      assert.deepEqual(restrict(16), [[0, 10]]);
    });

    const cleared: [what: string, payload: object, left: number[]][] = [
      ['all', {}, []],
      ['an id of 1.6', { id: 2 }, [1, 3]],
      ['an id of 2.x', { chargingProfileId: 3 }, [1, 2]],
      ['a purpose', { chargingProfilePurpose: 'TxDefaultProfile' }, [2]],
      ['a level', { stackLevel: 2 }, [1, 2]],
      ['a connector', { connectorId: 0 }, [1, 3]],
      ['criteria of 2.x', { chargingProfileCriteria: { evseId: 1, stackLevel: 0 } }, [2, 3]],
    ];
    for (const [what, payload, left] of cleared)
      it(`cleared: ${what}`, () => {
        set({ id: 1 });
        set({ id: 2, purpose: 'ChargePointMaxProfile', evse: 0, level: 1 });
        set({ id: 3, level: 2 });
        relay('ClearChargingProfile', payload as Record<string, unknown>);
        assert.deepEqual(
          [1, 2, 3].filter((id) => limits.hasProfile(id)),
          left,
        );
      });

    it('what cannot be read is no limit', () => {
      for (const payload of [{}, { csChargingProfiles: null }, { csChargingProfiles: { stackLevel: 'x' } }])
        assert.equal(relay('SetChargingProfile', payload), undefined);
      assert.equal(relay('Reset', { type: 'Hard' }), undefined);
      assert.equal(limits.isPresent(1), false);
    });
  });

  describe('room for ours', () => {
    const form = (purpose: LimitForm['purpose'], stackLevel: number): LimitForm => ({
      purpose,
      kind: 'absolute',
      stackLevel,
      unit: 'A',
      saysPhases: false,
    });
    const level = (wanted: LimitForm, hasTransaction = false): number | undefined =>
      limits.above(wanted, { evse: 1, maxStackLevel: 8, hasTransaction })?.stackLevel;

    it('above theirs, up to the highest level', () => {
      set({ level: 3 });
      assert.equal(level(form('tx_default', 8)), 8);
      assert.equal(level(form('tx_default', 3)), 4);
      assert.equal(level(form('tx', 0)), 0);
      set({ level: 8, id: 2 });
      assert.equal(level(form('tx_default', 8)), undefined);
      assert.equal(level(form('station_max', 8)), 8);
    });

    it('no default beside one of the transaction', () => {
      set({ purpose: 'TxProfile' });
      assert.equal(level(form('tx_default', 8), true), undefined);
      assert.equal(level(form('tx_default', 8), false), 8);
      assert.equal(level(form('tx', 0), true), 1);
    });

    it('an id that is free', () => {
      set({ id: 101 });
      set({ id: 1101, level: 1 });
      assert.deepEqual([limits.freeId(101), limits.freeId(102)], [2101, 102]);
    });
  });
});
