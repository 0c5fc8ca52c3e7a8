import assert from 'node:assert/strict';
import { asciiFraming } from '../../../../../src/drivers/modbus/transport/serial/ascii.ts';
import { request } from '../../../../support/modbus/read-requests.ts';

const scan = (text: string) => asciiFraming.scan(Buffer.from(text, 'latin1'));
/** Unit 1, function 3, two bytes: 0x00c2. The LRC is the two's complement of 01 + 03 + 02 + 00 + c2. */
const body = '01030200C238';

describe('Modbus ASCII', () => {
  it('asks with a colon', () => assert.match(asciiFraming.encode(request(1)).toString('latin1'), /^:0103.*\r\n$/));

  for (const start of [':', '>'])
    it(`takes a response that begins with ${start}`, () => {
      const found = scan(`${start}${body}\r\n`);
      assert.ok(found.kind === 'frame', found.kind);
      assert.deepEqual([found.length, found.frame.unit], [body.length + 3, 1]);
      assert.equal(found.frame.pdu.toString('hex'), '030200c2');
    });

  it('drops what stands before a response', () => assert.deepEqual(scan(`\0x>${body}`), { kind: 'noise', length: 2 }));

  it('waits for the end of a response', () => assert.deepEqual(scan(`>${body}`), { kind: 'part' }));

  it('refuses a response with a wrong checksum, and one that another one cuts short', () => {
    assert.equal(scan('>01030200C239\r\n').kind, 'broken');
    assert.equal(scan(`>0103>${body}\r\n`).kind, 'broken');
    assert.equal(scan(`:0103>${body}\r\n`).kind, 'broken');
  });
});
