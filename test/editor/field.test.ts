import assert from 'node:assert/strict';
import {
  checkNumber,
  choiceField,
  configNodeField,
  flagField,
  idField,
  numberFault,
  numberField,
  optionalNumberField,
  patternField,
  textField,
} from '../../src/editor/field.ts';
import { choiceOf } from '../../src/model/limits.ts';
import { editorNode } from '../support/editor/editor-node.ts';

const node = editorNode('ems-aggregate');
const place = { node, name: 'power' };

describe('a field of a form in the editor', () => {
  it('takes numbers within the range, nothing, and variables of the environment', () => {
    const { check } = numberField({ default: 5, min: 1, max: 10 });
    for (const right of ['1', 10, '2.5', ' 7 ', '', undefined, null, '\u0024{EVERY}', '$(EVERY)'])
      assert.equal(check?.(right, place), true, String(right));
  });

  it('says what is wrong with a number, with the label of the field', () => {
    const check = checkNumber({ min: 1, max: 10 });
    for (const wrong of ['0', 11, 'often', '1,5', 'NaN', Number.NaN])
      assert.match(String(check(wrong, place)), /must be a number from 1 to 10/, String(wrong));
  });

  it('takes no part of what can be counted', () => {
    const check = checkNumber({ min: 1, max: 10, isInteger: true });
    assert.match(String(check('1.5', place)), /from 1 to 10/);
    for (const right of ['2', 2, '', '\u0024{N}']) assert.equal(check(right, place), true, String(right));
  });

  it('tells text and range apart, and lets 0 be outside of the range where that is meant', () => {
    assert.equal(numberFault('x', { min: 1 }), 'text');
    assert.equal(numberFault('Infinity', {}), 'text');
    assert.equal(numberFault('0', { min: 1 }), 'range');
    assert.equal(numberFault('0', { min: 6, max: 32, zero: true }), undefined);
    assert.equal(numberFault('3', { min: 6, max: 32, zero: true }), 'range');
  });

  it('takes ids as they stand in topics', () => {
    const subscriber = { node: editorNode('ems-subscribe'), name: 'device' };
    for (const right of ['grid-meter_1.a', '9', '', '\u0024{DEVICE}'])
      assert.equal(idField(false).check?.(right, subscriber), true, right);
    for (const wrong of ['a/b', '.a', 'x'.repeat(65), 'Gerät'])
      assert.match(String(idField(false).check?.(wrong, subscriber)), /1 to 64 letters/, wrong);
    assert.match(String(idField(true).check?.('', subscriber)), /1 to 64 letters/);
  });

  it('takes texts of a certain form', () => {
    const { check } = patternField((given) => given.startsWith('ems'));
    const broker = { node: editorNode('ems-broker'), name: 'prefix' };
    for (const right of ['ems/a', '', '\u0024{PREFIX}']) assert.equal(check?.(right, broker), true);
    assert.notEqual(check?.('other', broker), true);
  });

  it('holds in a new node what is usual', () => {
    assert.deepEqual(
      [
        numberField({ default: 5, min: 1, max: 10 }).value,
        optionalNumberField({ min: 1, max: 10 }).value,
        choiceField(choiceOf(['tcp', 'udp'])).value,
        flagField(true).value,
        textField().value,
        textField('x').value,
        configNodeField('ems-site', true),
      ],
      [5, '', 'tcp', true, '', 'x', { value: '', type: 'ems-site', required: true }],
    );
    assert.equal(numberField({ default: 5, min: 1, max: 10 }).placeholder, '5');
  });
});
