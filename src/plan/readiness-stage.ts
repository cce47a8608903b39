import type { GuestConfig } from "../options/guest.ts";

/** The stage that a guest counts as up with. */
export function readinessStage({ microvm, services }: GuestConfig): string {
  return microvm.readiness.stage ?? (services.qemuGuest.enable ? "agent" : "basic");
}
