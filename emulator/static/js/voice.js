// A two-second recording to send as a voice message: real WAV bytes with a soft tone, made on the spot.

const RATE = 8000;
const SECONDS = 2;

export function quietVoice() {
  const samples = RATE * SECONDS;
  const view = new DataView(new ArrayBuffer(44 + samples));
  const words = (at, text) => Array.from(text).forEach((sign, i) => view.setUint8(at + i, sign.charCodeAt(0)));
  words(0, "RIFF");
  view.setUint32(4, 36 + samples, true);
  words(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  words(36, "data");
  view.setUint32(40, samples, true);
  for (let i = 0; i < samples; i += 1) view.setUint8(44 + i, 128 + Math.round(20 * Math.sin((i * 2 * Math.PI * 220) / RATE)));
  return new Blob([view.buffer], { type: "audio/wav" });
}
