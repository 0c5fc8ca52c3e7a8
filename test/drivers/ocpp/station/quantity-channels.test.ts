import assert from 'node:assert/strict';
import { QuantityChannels } from '../../../../src/drivers/ocpp/station/quantity-channels.ts';
import { StationRecords } from '../../../../src/drivers/ocpp/station/station-records.ts';
import { createMemoryJournal } from '../../../support/memory-journal.ts';

describe('how the quantities of a station are told', () => {
  const channels = new QuantityChannels(new StationRecords(createMemoryJournal()), {
    intervalS: 60,
    changed() {},
  });
  const reportOf = (quantity: string, part?: string): string | undefined => {
    const channel = channels.channelOf(1, quantity, part);
    return channel === undefined ? undefined : channels.all[channel]?.report;
  };

  it('is with every sample of the station, where it is measured', () => {
    for (const [quantity, part] of [['power'], ['current', 'l1'], ['voltage', 'l1']] as const)
      assert.equal(reportOf(quantity, part), 'periodic', quantity);
  });

  it('is when it changes, where it is a register or a state', () => {
    for (const quantity of ['energy_imported', 'status', 'current_limit', 'session_energy', 'max_current'])
      assert.equal(reportOf(quantity), 'on_change', quantity);
  });
});
