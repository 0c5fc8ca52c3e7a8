import assert from 'node:assert/strict';
import type { StationRequest, StationResult, Version } from '../../../../src/drivers/ocpp/messages.ts';
import { CallFailure, type StationLink } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { renewPassword } from '../../../../src/drivers/ocpp/security/renew-password.ts';
import type { StationCalls } from '../../../../src/drivers/ocpp/station/calls.ts';

const text = '0123456789abcdefX';
const digits = '00112233445566778899aabbccddeeff';

describe('a new password of a station', () => {
  let asked: StationRequest[];
  beforeEach(() => {
    asked = [];
  });

  const renew = async (
    password: string | undefined,
    version: Version,
    answer: StationResult | CallFailure = { status: 'accepted', raw: 'Accepted' },
    isPasswordNewest = false,
  ): Promise<string | undefined> => {
    const peer = { address: '127.0.0.1', isSecure: false, hasPassword: true, isPasswordNewest };
    const link: StationLink = { identity: 'CP1', version, peer, call: () => Promise.reject(), close() {} };
    const asker: StationCalls = {
      version: () => version,
      isConnected: () => true,
      async send(request) {
        asked.push(request);
        if (answer instanceof CallFailure) throw answer;
        return answer;
      },
    };
    const event = await renewPassword(password, link, asker);
    return event && `${event.name}: ${event.message}`;
  };
  const told = (): string[] =>
    asked.flatMap((each) =>
      each.kind === 'set_variables' ? each.variables.map(({ name, value }) => `${name}=${value}`) : [],
    );

  it('is told only to one that came with an older one', async () => {
    const outcomes = [await renew(text, '1.6', undefined, true), await renew(undefined, '1.6')];
    assert.deepEqual(outcomes, [undefined, undefined]);
    assert.deepEqual(asked, []);
  });

  const forms: [version: Version, password: string, told: string[]][] = [
    ['1.6', text, [`AuthorizationKey=${Buffer.from(text).toString('hex')}`]],
    ['1.6', digits, [`AuthorizationKey=${digits}`]],
    ['1.6', 'fifteen letters', []],
    ['1.6', 'twenty-one characters', []],
    ['2.0.1', text, [`SecurityCtrlr.BasicAuthPassword=${text}`]],
    ['2.0.1', digits, [`SecurityCtrlr.BasicAuthPassword=${digits}`]],
    ['2.1', 'x'.repeat(64), [`SecurityCtrlr.BasicAuthPassword=${'x'.repeat(64)}`]],
    ['2.1', 'x'.repeat(65), []],
  ];
  for (const [version, password, expected] of forms)
    it(`${version}, "${password.slice(0, 32)}" of ${password.length}: ${expected.length > 0 ? 'is told' : 'cannot be'}`, async () => {
      const outcome = await renew(password, version);
      assert.deepEqual(told(), expected);
      assert.match(outcome ?? '', expected.length > 0 ? /^password_changed/ : /^password_refused: .*can be told one/);
      assert.ok(!outcome?.includes(password));
    });

  const outcomes: [name: string, answer: StationResult | CallFailure, expected: RegExp][] = [
    [
      'taken for its next boot',
      { status: 'reboot_required', raw: 'RebootRequired' },
      /^password_changed: .*next boot$/,
    ],
    ['rejected', { status: 'rejected', raw: 'Rejected' }, /^password_refused: .*it says Rejected$/],
    [
      'refused with an error',
      new CallFailure('error', 'no', 'NotImplemented'),
      /^password_refused: .*it says NotImplemented$/,
    ],
    ['not answered', new CallFailure('timeout', 'no answer'), /^undefined$/],
    ['cut off', new CallFailure('offline', 'gone'), /^undefined$/],
  ];
  for (const [name, answer, expected] of outcomes)
    it(`${name}: is told of, where that is known`, async () =>
      assert.match(String(await renew(text, '1.6', answer)), expected));
});
