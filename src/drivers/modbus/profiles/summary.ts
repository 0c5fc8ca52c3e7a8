/** The summary of a profile that the form shows once the profile is chosen. */
import type { Profile } from './profile-schema.ts';

/** The facts of a profile that the form shows and asks for. */
interface ProfileSummary {
  title: string;
  vendor: string | undefined;
  class: Profile['class'];
  connection: NonNullable<Profile['connection']>;
  params: NonNullable<Profile['params']>;
  settings: NonNullable<Profile['settings']>;
  /** Every verb that the device can be commanded with. */
  commands: string[];
  /** The reason why nothing can be commanded, if the profile gives one. */
  commandNote: string | undefined;
  /** Number of equal parts behind one register map, such as connectors. */
  instances: number;
  hasBattery: boolean;
}

const commandsOf = ({ actuators = [], config = {} }: Profile): string[] => [
  ...actuators.flatMap(({ setpoints = {}, limits = {} }) => [...Object.keys(setpoints), ...Object.keys(limits)]),
  ...Object.keys(config),
];

/** @returns the summary of a profile without mistakes */
export const summarizeProfile = (profile: Profile): ProfileSummary => ({
  title: profile.title,
  vendor: profile.vendor,
  class: profile.class,
  connection: profile.connection ?? {},
  params: profile.params ?? {},
  settings: profile.settings ?? {},
  commands: commandsOf(profile),
  commandNote: profile.commandNote,
  instances: profile.instances?.max ?? 1,
  hasBattery: profile.points.some(({ quantity = '' }) => quantity.startsWith('battery')),
});
