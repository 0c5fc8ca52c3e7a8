/**
 * Which station belongs to a node, and what is kept of its passwords: outlives the process. A node without an identity
 * waits for the station that is approved for its device.
 */
import { z } from 'zod';
import type { StationHandler, StationSettings } from './ocpp-j/station-link.ts';
import type { OcppServer } from './ocpp-server.ts';
import { AcceptedPasswords, type PasswordEntry } from './security/accepted-passwords.ts';
import { needsPassword } from './security/security-profile.ts';

/** As it lies in the file of a node. */
const keptSchema = z.object({
  /** The station that was approved for the node. */
  identity: z.string().optional(),
  /** The station whose passwords these are; those of another are worth nothing. */
  of: z.string().optional(),
  verifier: z.string().optional(),
  /** Verifiers of the passwords before, with which the station may still come. */
  before: z.array(z.string()).optional(),
  /** The station came with the password that the verifier is of. */
  isAdopted: z.boolean().optional(),
});
type Kept = z.infer<typeof keptSchema>;

export interface BindingOptions {
  server: OcppServer;
  /** As the integrator typed it; empty: the station that is approved for the device. */
  identity: string;
  device: string;
  settings: Omit<StationSettings, 'passwords' | 'isPreparing'>;
  password: Pick<PasswordEntry, 'password' | 'isWeakAllowed' | 'isOldShutOut'>;
  /** The state that was saved last, as it was read from the file. */
  kept: unknown;
  save(kept: object): void;
}

/** The binding of one node. */
export class StationBinding {
  private readonly options: BindingOptions;
  private kept: Kept;

  constructor(options: BindingOptions) {
    const kept = keptSchema.safeParse(options.kept);
    this.options = options;
    this.kept = kept.success ? kept.data : {};
  }

  /** @returns undefined while no station is bound to the node */
  get identity(): string | undefined {
    return this.options.identity || this.kept.identity;
  }

  /** @param onBound called once, when a station is approved for the device */
  waitForApproval(onBound: (identity: string) => void): { remove(): void } {
    const { server, device, settings, password } = this.options;
    const isMissing = needsPassword(settings) && password.password === '';
    const waiting = server.waitFor(
      { device, isMissing, isWeakAllowed: password.isWeakAllowed },
      (identity, verifier) => {
        waiting.remove();
        const adopted = verifier !== undefined && { of: identity, verifier, before: [], isAdopted: true };
        this.keep({ identity, ...adopted });
        onBound(identity);
      },
    );
    return waiting;
  }

  /** Lets a station dial in for this handler. */
  register(identity: string, handler: StationHandler): AcceptedPasswords {
    const { server, settings, password } = this.options;
    const { verifier, before = [], isAdopted = false } = (this.kept.of ?? identity) === identity ? this.kept : {};
    return new AcceptedPasswords(
      settings,
      { ...password, verifier, before, isAdopted },
      {
        passwords: server.passwords,
        register: (complete) => server.register(identity, complete, handler),
        remember: (made, older) => this.keep({ of: identity, verifier: made, before: [...older], isAdopted: false }),
      },
    );
  }

  private keep(more: Kept): void {
    this.kept = { ...this.kept, ...more };
    this.options.save(this.kept);
  }
}
