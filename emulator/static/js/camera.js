// A camera view: shows what the camera sees and gives single pictures of it.

import { h } from "./dom.js";

const WIDEST = 1280;

// Resolves to {video, frame(), stop()}; rejects with an Error whose words can be shown.
export async function openCamera() {
  if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) {
    throw new Error("浏览器只在 https 或本机地址上给用相机。可以改用“选图片”");
  }
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: WIDEST } } });
  } catch (error) {
    const reasons = { NotAllowedError: "没有得到使用相机的许可", NotFoundError: "这台设备上没找到相机", NotReadableError: "相机正被别的程序占着" };
    throw new Error(reasons[error.name] || "相机打不开", { cause: error });
  }
  const video = h("video", { class: "viewfinder-video", autoplay: true, playsinline: true, muted: true });
  video.muted = true;
  video.srcObject = stream;
  return {
    video,
    frame() {
      const scale = Math.min(1, WIDEST / (video.videoWidth || 1));
      const canvas = h("canvas", { width: Math.round(video.videoWidth * scale), height: Math.round(video.videoHeight * scale) });
      if (!canvas.width || !canvas.height) return Promise.resolve(null);
      canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
      return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
    },
    stop() {
      stream.getTracks().forEach((track) => track.stop());
      video.srcObject = null;
    },
  };
}
