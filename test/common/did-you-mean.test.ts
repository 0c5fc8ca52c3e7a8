import assert from 'node:assert/strict';
import { didYouMean, knownWords } from '../../src/common/did-you-mean.ts';

describe('a word that is not known', () => {
  it('is answered with the nearest that is', () => {
    assert.equal(didYouMean('kwh', ['Wh', 'kWh', 'V']), '; did you mean "kWh"?');
    assert.equal(didYouMean('hodling', ['input', 'holding']), '; did you mean "holding"?');
    assert.equal(didYouMean('temp', ['voltage', 'temperature']), '; did you mean "temperature"?');
    assert.equal(didYouMean('zzz', ['voltage', 'current']), '');
  });

  it('is answered with all of them', () => {
    assert.equal(knownWords('stanby', ['off', 'standby']), '; did you mean "standby"? There are off, standby');
    assert.equal(knownWords('zzz', ['off']), '; there is off');
    assert.equal(knownWords('zzz', []), '');
  });
});
