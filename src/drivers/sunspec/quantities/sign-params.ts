/** The params of a composed profile: signs that the models leave open, and that the integrator finds out by a test. */
import type { Profile, ProfilePoint } from '../../modbus/index.ts';
import type { SignChoices } from './candidates.ts';
import type { QuantityMap, SignName } from './quantity-map.ts';

/** A point whose sign is open. */
export interface SignedPoint {
  name: string;
  sign: SignName;
}

type Variant = NonNullable<Profile['variants']>[number];

/** @returns the params with the variants that turn a sign, and say that it is proved */
export const signParams = (signed: readonly SignedPoint[], map: QuantityMap): Pick<Profile, 'params' | 'variants'> => {
  const params: NonNullable<Profile['params']> = {};
  const variants: Variant[] = [];
  for (const name of new Set(signed.map(({ sign }) => sign))) {
    const param = map.params[name];
    if (!param) continue;
    const { title: note, choices, negative } = param;
    params[name] = { default: 'unknown', choices, note };
    for (const choice of Object.keys(choices).filter((each) => each !== 'unknown')) {
      const keys: Partial<ProfilePoint> = { signVerified: true, ...(choice === negative ? { sign: -1 } : {}) };
      const points = signed.filter(({ sign }) => sign === name).map((point) => [point.name, keys]);
      variants.push({ when: { [name]: choice }, points: Object.fromEntries(points) });
    }
  }
  return variants.length > 0 ? { params, variants } : {};
};

/** @returns the choices of the integrator that a profile offers */
export const offeredChoices = ({ params = {} }: Profile, choices: SignChoices): Record<string, string> =>
  Object.fromEntries(
    Object.entries(choices).flatMap(([name, choice]) =>
      choice !== undefined && params[name] !== undefined ? [[name, choice]] : [],
    ),
  );
