/** Why a server does not let a client go on with a session, or waits for it no more. */
import { ResumeError } from "@peng3dnet/protocol";

/** The error for a client whose session is at none of the servers that are known. */
export function unknownSession(): ResumeError {
  return new ResumeError(
    "a client came back for a session that is not here, or not any more",
    "resumeunknown",
  );
}

/** The error for a client whose session is there, and that has no right to go on with it. */
export function resumeRefused(message: string): ResumeError {
  return new ResumeError(message, "resumerefused");
}

/** The error for a session whose client did not come back in time. @param window - seconds that it had. */
export function resumeExpired(window: number): ResumeError {
  return new ResumeError(
    `the client did not come back within ${window} s (net.resume.window)`,
    "resumeexpired",
  );
}

/** The error for a session that had to go for one that was suspended later. */
export function resumeEvicted(): ResumeError {
  return new ResumeError(
    "too many sessions wait for their clients (net.resume.sessions, net.resume.sessions.address); the oldest one was given up",
    "resumeevicted",
  );
}
