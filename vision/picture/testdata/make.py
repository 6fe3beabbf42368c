"""Made the pictures of this folder and what Pillow (13.0.0) sees in them: python make.py."""
import hashlib, json
import numpy as np
from PIL import Image

W, H = 45, 33  # odd, and no multiple of a JPEG block
y, x = np.mgrid[0:H, 0:W]
base = np.stack([x * 255 // (W - 1), y * 255 // (H - 1), 128 + 100 * np.sin(x / 4) * np.cos(y / 5)], -1).astype(np.uint8)
base[4:14, 5:20] = (220, 30, 40)
base[18:28, 24:40] = (20, 60, 230)
rgb = Image.fromarray(base)
alpha = Image.fromarray(np.clip(x * 8, 0, 255).astype(np.uint8))
rgba = rgb.copy(); rgba.putalpha(alpha)
out = {}

def add(name, im, **kw):
    im.save(name, **kw)
    got = Image.open(name)
    got.load()
    if got.mode in ("RGBA", "LA", "P", "PA"):
        a = np.asarray(got.convert("RGBA")).astype(int)
        v = (a[..., :3] * a[..., 3:] + 255 * (255 - a[..., 3:]) + 127) // 255
        arr = v.astype(np.uint8)
    else:
        arr = np.asarray(got.convert("RGB"))
    out[name] = dict(sha256=hashlib.sha256(arr.tobytes()).hexdigest(), width=arr.shape[1], height=arr.shape[0],
                     mean=[round(float(m), 4) for m in arr.reshape(-1, 3).mean(0)], pixels=arr[::7, ::5].reshape(-1).tolist())

def exif(o):
    e = Image.Exif(); e[274] = o
    return e

for name, s in (("444", 0), ("422", 1), ("420", 2)):
    add(f"ycc{name}.jpg", rgb, quality=92, subsampling=s)
add("progressive.jpg", rgb, quality=90, progressive=True)
add("gray.jpg", rgb.convert("L"), quality=90)
add("cmyk.jpg", rgb.convert("CMYK"), quality=95)
add("rgb.png", rgb); add("rgba.png", rgba); add("gray.png", rgb.convert("L")); add("la.png", rgba.convert("LA"))
p = rgb.quantize(16); add("palette.png", p); add("palette-trns.png", p, transparency=3)
add("lossy.webp", rgb, quality=80); add("lossless.webp", rgb, lossless=True)
add("lossy-alpha.webp", rgba, quality=80); add("lossless-alpha.webp", rgba, lossless=True)
add("anim.webp", rgba, quality=80, save_all=True, append_images=[rgba.rotate(90)], duration=100)
add("plain.gif", p); add("anim.gif", p, save_all=True, append_images=[p.rotate(180)], duration=100, loop=0)
add("rgb.bmp", rgb); add("palette.bmp", p)
add("raw.tif", rgb); add("lzw.tif", rgb, compression="tiff_lzw"); add("deflate.tif", rgb, compression="tiff_adobe_deflate")
add("packbits.tif", rgb, compression="packbits"); add("rgba.tif", rgba); add("bilevel.tif", rgb.convert("1"), compression="group4")
add("exif6.png", rgb, exif=exif(6)); add("exif8.webp", rgb, lossless=True, exif=exif(8)); add("exif3.tif", rgb, exif=exif(3))
for o in range(1, 9):
    add(f"exif{o}.jpg", rgb, quality=60, exif=exif(o))
with open("pillow.json", "w") as f:
    f.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out.items()) + "\n}\n")
