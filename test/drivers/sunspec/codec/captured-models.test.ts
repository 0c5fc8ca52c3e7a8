import assert from 'node:assert/strict';
import {
  compileModel,
  decodeModel,
  encodeModel,
  type PointValue,
} from '../../../../src/drivers/sunspec/codec/model-codec.ts';
import { symbolOf } from '../../../../src/drivers/sunspec/codec/symbols.ts';
import { definitionOf, placeModel } from '../../../support/sunspec/placed-models.ts';

/** Registers of devices in the field, as owners have published them (nielsbasjes/sunspec-device); from the point ID on. */
const captures: { device: string; registers: string; values: Record<string, PointValue>; others: 'absent' | 'any' }[] =
  [
    {
      device: 'an inverter of 176 kW in the sun',
      registers: `0067 0032 0c81 042b 042a 042c ffff 1de8 1dde 1dec 1147 1140 1141 ffff 373a 0001 1387 fffe 373a 0001 0001
      0001 d8f0 fffc 02bd 2174 0001 0609 ffff ffff 8000 3869 0001 0217 0302 8000 8000 ffff 0004 0006 0000 0000 0000 0000
      0000 0000 0000 0000 0000 0000 0000 0000`,
      values: {
        A: 320.1,
        AphA: 106.7,
        PPVphAB: 765.6,
        PhVphC: 441.7,
        W: 141_380,
        Hz: 49.99,
        VA: 141_380,
        VAr: 10,
        PF: -1,
        WH: 459_493_000,
        DCA: 154.5,
        DCV: null,
        DCV_SF: null,
        DCW: 144_410,
        TmpCab: 53.5,
        TmpSnk: 77,
        TmpTrns: null,
        St: 4,
        StVnd: 6,
        Evt1: 0,
      },
      others: 'any',
    },
    {
      device: 'its counters of 64 bits',
      registers: `007a 002c 0001 0000 0001 0000 0000 1b5e 3da0 0000 0000 1b65 36c0 0000 0000 0000 0000 0000 0000 0000 0000
      0000 0000 0000 0000 0000 0000 0000 0000 8000 8000 ffff 8000 0000 0000 0000 0000 0000 0000 0000 0000 2e30 f1b7 0000
      01b1 0003`,
      values: {
        PVConn: 1,
        StorConn: 0,
        ActWh: 459_160_992,
        ActVAh: 459_617_984,
        ActVArhQ1: null,
        VArAval: null,
        WAval: null,
        TmSrc: null,
        Tms: 774_959_543,
        Ris: 433_000,
      },
      others: 'any',
    },
    {
      device: 'a single-phase inverter at night, whose energy is all that it tells',
      registers: `0065 0032 ffff ffff ffff ffff ffff ffff ffff ffff ffff ffff ffff ffff 8000 0001 ffff fffe 8000 0001 8000
      0001 8000 fffd 002c fb4a 0001 ffff 8000 ffff 8000 8000 0001 8000 8000 8000 8000 0000 ffff ffff 0000 0000 ffff ffff
      ffff ffff ffff ffff ffff ffff ffff ffff`,
      values: {
        A_SF: -1,
        V_SF: -1,
        W_SF: 1,
        Hz_SF: -2,
        VA_SF: 1,
        VAr_SF: 1,
        PF_SF: -3,
        WH: 29_479_140,
        WH_SF: 1,
        DCW_SF: 1,
        Tmp_SF: 0,
        Evt1: 0,
      },
      others: 'absent',
    },
    {
      device: 'its Ethernet port',
      registers: '000b 000d 0000 0000 0002 0000 0040 ada9 9576 0000 0000 0000 0000 ffff ffff',
      values: { Spd: 0, CfgSt: 0, St: 2, MAC: '00:40:ad:a9:95:76', Nam: null, Ctl: null, FrcSpd: null },
      others: 'absent',
    },
  ];

describe('registers of devices in the field', () => {
  for (const { device, registers, values, others } of captures)
    it(device, () => {
      const data = Buffer.from(registers.replace(/\s/g, ''), 'hex');
      const [id, length] = [data.readUInt16BE(0), data.readUInt16BE(2)];
      const layout = placeModel(id, { length });
      assert.deepEqual([layout.lengthFault, layout.notes], [undefined, []]);
      const codec = compileModel(layout);
      const decoded = decodeModel(codec, data);
      for (const [path, value] of Object.entries(values)) assert.equal(decoded.get(path), value, path);
      if (others === 'absent')
        for (const [path, value] of decoded)
          if (!(path in values) && path !== 'ID' && path !== 'L') assert.equal(value, null, path);
      assert.deepEqual(decodeModel(codec, encodeModel(codec, decoded)), decoded);
    });

  it('say in words what their numbers mean', () => {
    const points = definitionOf(103).group.points;
    const state = points.find(({ name }) => name === 'St');
    assert.equal(state && symbolOf(state, 4), 'MPPT');
  });
});
