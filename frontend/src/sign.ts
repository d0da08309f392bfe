// Signing one's own work, or the gate of a run: the passkey for a project is made here, and asked to sign what the page
// lists. `to` is another door of the machine's, which keeps for itself what is to be signed.
import { Api, Refused, csrfToken } from "@tutelage/api";
import { t } from "@tutelage/words";

interface Ask {
  project: string;
  enrol?: { challenge: string; rp: string; user: string; name: string };
  sign?: { judgments: string[]; at: string; challenge: string; rp: string; credential: string };
  to?: { enrol: string; sign: string };
}

const ask: Ask = JSON.parse(document.getElementById("ask")?.textContent ?? "{}");
const api = new Api("/api/", csrfToken);
const told = document.getElementById("told");

const bytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (raw: ArrayBuffer | null): string =>
  btoa(String.fromCharCode(...new Uint8Array(raw ?? new ArrayBuffer(0)))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const tell = (said: string): void => {
  if (!told) return;
  const note = Object.assign(document.createElement("p"), { textContent: said });
  told.className = "card note bad";
  told.replaceChildren(note);
};

const enrol = async ({ challenge, rp, user, name }: NonNullable<Ask["enrol"]>): Promise<void> => {
  const made = (await navigator.credentials.create({
    publicKey: {
      challenge: bytes(challenge),
      rp: { id: rp, name: "Tutelage" },
      user: { id: new TextEncoder().encode(user), name, displayName: name },
      pubKeyCredParams: [
        { type: "public-key", alg: -7 },
        { type: "public-key", alg: -8 },
      ],
      authenticatorSelection: { userVerification: "required", residentKey: "preferred" },
      attestation: "none",
    },
  })) as PublicKeyCredential | null;
  if (!made) return;
  const reply = made.response as AuthenticatorAttestationResponse;
  await api.send("POST", ask.to?.enrol ?? "proof/enrol", {
    project: ask.project,
    id: text(made.rawId),
    key: text(reply.getPublicKey()),
    client_data: text(reply.clientDataJSON),
    authenticator_data: text(reply.getAuthenticatorData()),
  });
};

const sign = async ({ judgments, at, challenge, rp, credential }: NonNullable<Ask["sign"]>): Promise<void> => {
  const made = (await navigator.credentials.get({
    publicKey: {
      challenge: bytes(challenge),
      rpId: rp,
      allowCredentials: [{ type: "public-key", id: bytes(credential) }],
      userVerification: "required",
    },
  })) as PublicKeyCredential | null;
  if (!made) return;
  const reply = made.response as AuthenticatorAssertionResponse;
  await api.send("POST", ask.to?.sign ?? "proof/sign", {
    project: ask.project,
    judgments,
    at,
    client_data: text(reply.clientDataJSON),
    authenticator_data: text(reply.authenticatorData),
    signature: text(reply.signature),
  });
};

const wire = <T>(id: string, given: T | undefined, act: (given: T) => Promise<void>): void => {
  const button = document.getElementById(id);
  if (!(button instanceof HTMLButtonElement) || given === undefined) return;
  if (!("PublicKeyCredential" in window)) return tell(t("This browser knows no passkeys."));
  button.disabled = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await act(given);
      location.reload();
    } catch (why) {
      button.disabled = false;
      if (why instanceof Refused) tell(`${why.seen} ${why.remedy}`);
      else if (why instanceof DOMException) tell(t("Your device did not sign: nothing was changed. Try again."));
      else throw why;
    }
  });
};

wire("enrol", ask.enrol, enrol);
wire("sign", ask.sign, sign);
