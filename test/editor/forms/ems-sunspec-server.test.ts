import assert from 'node:assert/strict';
import { sunspecServerForm } from '../../../src/editor/forms/ems-sunspec-server.ts';

describe('the form of the SunSpec face of a site', () => {
  it('opens no port by itself, and one for this machine alone when it is told to', () => {
    const { enabled, host } = sunspecServerForm.fields;
    assert.deepEqual([enabled?.value, host?.value], [false, '127.0.0.1']);
  });

  it('shows two units, so that no reader takes one for the other', () => {
    const { gridUnit, solarUnit, site } = sunspecServerForm.fields;
    assert.deepEqual([gridUnit?.value, solarUnit?.value], [1, 126]);
    assert.deepEqual([site?.type, site?.required], ['ems-site', true]);
  });
});
