// node render.cjs DIR SIDE: every DIR/*.svg becomes DIR/*.png, SIDE pixels wide.
const { Resvg } = require("@resvg/resvg-js");
const fs = require("fs");
const path = require("path");

const [dir, side] = process.argv.slice(2);
for (const name of fs.readdirSync(dir).filter((n) => n.endsWith(".svg"))) {
  const svg = fs.readFileSync(path.join(dir, name), "utf8");
  const picture = new Resvg(svg, { fitTo: { mode: "width", value: Number(side) } }).render();
  fs.writeFileSync(path.join(dir, name.replace(/svg$/, "png")), picture.asPng());
}
