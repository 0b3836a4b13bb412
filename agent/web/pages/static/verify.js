// Checks the log by itself: the leaf, the path to the root, who signed it, and that the log is the
// one that this browser saw before. RFC 9162 section 2.1, c2sp.org/signed-note. Nothing is sent but
// the size of a checkpoint, to ask for the proof that the newest extends it.
"use strict";

const ED25519 = 1;
const P256 = 2; // the key a SubjectPublicKeyInfo, the signature DER; docs/keys.md
const utf8 = new TextEncoder();

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const hexOf = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const half = (number) => Math.floor(number / 2);

async function hash(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

const leafOf = (data) => hash([0], data);
const nodeOf = (left, right) => hash([1], left, right);

class Invalid extends Error {}

function parseCheckpoint(text) {
  const cut = text.lastIndexOf("\n\n");
  if (cut < 0) throw new Invalid("the checkpoint has no signatures");
  const signed = text.slice(0, cut + 1);
  const [origin, size, root, ...rest] = signed.split("\n");
  if (rest.length !== 1 || rest[0] !== "" || !/^(0|[1-9][0-9]{0,14})$/.test(size))
    throw new Invalid("a checkpoint is three lines: origin, size, root");
  const lines = text.slice(cut + 2).replace(/\n$/, "").split("\n");
  const signatures = lines.map((line) => {
    const found = /^\u2014 (\S+) (\S+)$/.exec(line);
    if (!found) throw new Invalid("a line of signatures is malformed");
    const raw = bytesOf(found[2]);
    return { name: found[1], id: hexOf(raw.slice(0, 4)), signature: raw.slice(4) };
  });
  return { origin, size: Number(size), root: bytesOf(root), signed, signatures, text };
}

async function parseKey(vkey) {
  const found = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(vkey.trim());
  if (!found) throw new Invalid("the verifier key is not name+id+key");
  const raw = bytesOf(found[3]);
  const named = raw[0] === P256 ? [raw.slice(1)] : [utf8.encode(found[1] + "\n"), raw];
  const id = hexOf((await hash(...named)).slice(0, 4));
  if (id !== found[2]) throw new Invalid("the id of the verifier key does not belong to it");
  return { name: found[1], id, type: raw[0], key: raw.slice(1) };
}

// Gives the two numbers of a DER signature side by side, 32 bytes each, as browsers want them.
function numbersOf(der) {
  const both = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1];
    const number = der.slice(at + 2, at + 2 + length).slice(-32);
    both.set(number, end - number.length);
    at += 2 + length;
  }
  return both;
}

// Gives null when this browser cannot check this kind of signature.
async function isSigned(checkpoint, key) {
  const mine = checkpoint.signatures.filter((one) => one.name === key.name && one.id === key.id);
  if (!mine.length || checkpoint.origin !== key.name)
    throw new Invalid(`the checkpoint is not signed by ${key.name}+${key.id}`);
  const curve = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const ways = { [ED25519]: ["raw", "Ed25519"], [P256]: ["spki", curve] };
  if (!ways[key.type]) return null;
  const [form, way] = ways[key.type];
  let publicKey;
  try {
    publicKey = await crypto.subtle.importKey(form, key.key, way, false, ["verify"]);
  } catch {
    return null;
  }
  for (const one of mine) {
    const text = utf8.encode(checkpoint.signed);
    const signature = key.type === P256 ? numbersOf(one.signature) : one.signature;
    if (!(await crypto.subtle.verify(way, publicKey, signature, text))) return false;
  }
  return true;
}

async function rootOf(leaf, index, size, path) {
  if (index >= size) throw new Invalid("no checkpoint has the entry yet");
  let node = index;
  let last = size - 1;
  let result = leaf;
  for (const sibling of path) {
    if (last === 0) throw new Invalid("the path is too long");
    if (node % 2 || node === last) {
      result = await nodeOf(sibling, result);
      while (node % 2 === 0 && node) [node, last] = [half(node), half(last)];
    } else {
      result = await nodeOf(result, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last) throw new Invalid("the path is too short");
  return result;
}

async function isExtended(old, now, proof) {
  if (old.size === now.size) return hexOf(old.root) === hexOf(now.root) && !proof.length;
  if (old.size > now.size || old.size < 1 || !proof.length) return false;
  const isPower = Number.isInteger(Math.log2(old.size));
  const path = isPower ? [old.root, ...proof] : [...proof];
  let fn = old.size - 1;
  let sn = now.size - 1;
  while (fn % 2) [fn, sn] = [half(fn), half(sn)];
  let fr = path[0];
  let sr = path[0];
  for (const sibling of path.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 || fn === sn) {
      [fr, sr] = [await nodeOf(sibling, fr), await nodeOf(sibling, sr)];
      while (fn % 2 === 0 && fn) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = await nodeOf(sr, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && hexOf(fr) === hexOf(old.root) && hexOf(sr) === hexOf(now.root);
}

async function verifyExtends(old, now, whose) {
  if (old.origin !== now.origin) throw new Invalid(`${whose} is of another log, ${old.origin}`);
  if (old.size > now.size)
    throw new Invalid(`${whose} has ${old.size} entries, this log only ${now.size}: it was cut`);
  let proof = [];
  if (old.size < now.size) {
    const answer = await fetch(`/log/consistency/${old.size}`);
    if (!answer.ok) throw new Invalid(`there is no proof that this log extends ${whose}`);
    const said = await answer.json();
    if (said.size !== now.size) throw new Error("the log has grown meanwhile: load the page again");
    proof = said.proof.map(bytesOf);
  }
  if (!(await isExtended(old, now, proof)))
    throw new Invalid(`this log does not extend ${whose} (size ${old.size}): it was rewritten`);
}

function show(text, status, element) {
  const line = document.createElement("li");
  const word = document.createElement("b");
  word.className = `s-${status}`;
  word.textContent = { pass: "Holds: ", fail: "Does not hold: ", unknown: "Not checked: " }[status];
  line.append(word, text);
  element.append(line);
}

function visible(text) {
  const shown = (letter) => `\u27e8U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`;
  return text.replace(/[^\P{C}\n]|[\u2028\u2029]/gu, shown);
}

async function verifyEntry(section, checkpoint, said) {
  const data = bytesOf(document.getElementById("entry-bytes").value);
  const path = [...document.querySelectorAll("#path li")].map((item) => bytesOf(item.textContent));
  const leaf = await leafOf(data);
  const { index, size } = section.dataset;
  if (Number(size) !== checkpoint.size) throw new Invalid("the proof is of another checkpoint");
  const root = await rootOf(leaf, Number(index), checkpoint.size, path);
  if (hexOf(root) !== hexOf(checkpoint.root))
    throw new Invalid(`these ${data.length} bytes are not entry ${index} of the tree of ${size}`);
  said(`the bytes of entry ${index} have the leaf ${hexOf(leaf).slice(0, 16)}, whose path of ${path.length} hashes leads to the root ${hexOf(root).slice(0, 16)} of size ${size}`);
  const text = JSON.stringify(JSON.parse(new TextDecoder().decode(data)), null, 2);
  document.getElementById("entry-text").textContent = visible(text);
}

async function verifySignature(checkpoint, said) {
  const expected = document.getElementById("expected").value.trim();
  const key = await parseKey(expected || document.getElementById("vkey").textContent);
  const signed = await isSigned(checkpoint, key);
  if (signed === false) throw new Invalid(`the signature of ${key.name}+${key.id}`);
  if (signed === null) said("the signature: this browser cannot check its kind", "unknown");
  else if (expected) said(`the checkpoint is signed by the key that you expect, ${key.id}`);
  else said(`the checkpoint is signed by the key that the log names, ${key.id}`);
  return key;
}

async function verify(section, said) {
  const checkpoint = parseCheckpoint(document.getElementById("checkpoint").textContent);
  if (section.dataset.kind === "entry") await verifyEntry(section, checkpoint, said);
  const key = await verifySignature(checkpoint, said);
  const held = document.getElementById("held");
  if (held && held.value.trim()) {
    const old = parseCheckpoint(held.value.trim() + "\n");
    if ((await isSigned(old, key)) === false) throw new Invalid("the signature of your checkpoint");
    await verifyExtends(old, checkpoint, "the checkpoint that you hold");
    said(`the log contains the checkpoint that you hold, of ${old.size} entries`);
  }
  const place = `assay log ${checkpoint.origin}`;
  const before = localStorage.getItem(place);
  if (before) {
    const old = parseCheckpoint(before);
    await verifyExtends(old, checkpoint, "what this browser saw before");
    said(`the log extends what this browser saw before, ${old.size} entries`);
  }
  localStorage.setItem(place, checkpoint.text);
  return checkpoint;
}

function start(section) {
  const form = document.getElementById("verify");
  const verdict = document.getElementById("verdict");
  const steps = document.getElementById("steps");
  const forget = document.getElementById("forget");
  form.hidden = false;
  const tell = (status, text) => {
    verdict.className = `s-${status}`;
    verdict.textContent = text;
  };
  forget.addEventListener("click", () => {
    localStorage.clear();
    forget.hidden = true;
    tell("none", "This browser remembers no checkpoint any more.");
  });
  forget.hidden = !localStorage.length;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    steps.replaceChildren();
    if (!globalThis.crypto?.subtle) {
      tell("unknown", "Not checked: a browser offers its cryptography only over HTTPS or on the same machine.");
      return;
    }
    const said = (text, status = "pass") => show(text, status, steps);
    try {
      const checkpoint = await verify(section, said);
      tell("pass", `Valid: ${checkpoint.origin}, ${checkpoint.size} entries.`);
    } catch (error) {
      if (error instanceof Invalid) {
        said(error.message, "fail");
        tell("fail", `Invalid: ${error.message}.`);
      } else if (error instanceof DOMException || error instanceof SyntaxError) {
        tell("fail", "Invalid: a proof, key or checkpoint is malformed.");
      } else {
        tell("unknown", `Not checked: ${error.message}.`);
      }
    }
    forget.hidden = !localStorage.length;
  });
}

const found = document.querySelector("[data-kind]");
if (found) start(found);
