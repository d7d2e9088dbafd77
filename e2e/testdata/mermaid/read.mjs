// Reads flowcharts as Mermaid does. Each line of standard input is a text, as JSON; each
// line of standard output says what Mermaid's parser has found in it, with labels as
// they are drawn, or the error.
import { createInterface } from 'node:readline'
import { JSDOM } from 'jsdom'

const { window } = new JSDOM('')
globalThis.window = window
globalThis.document = window.document
const { default: mermaid } = await import('mermaid')
mermaid.initialize({ startOnLoad: false })

// drawn returns a label as a page has it. The parser keeps entities under other names;
// they are turned back when the picture is drawn, and read by the browser.
function drawn(label) {
  const element = window.document.createElement('div')
  element.innerHTML = label.replace(/ﬂ°°/g, '&#').replace(/ﬂ°/g, '&').replace(/¶ß/g, ';')
  return element.textContent
}

async function read(text) {
  try {
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text)
    return {
      direction: db.getDirection(),
      nodes: [...db.getVertices().values()].map((v) => ({ id: v.id, label: drawn(v.text ?? '') })),
      edges: db.getEdges().map((e) => ({ from: e.start, to: e.end })),
      layers: db.getSubGraphs().map((s) => ({ label: drawn(s.title), nodes: s.nodes })),
    }
  } catch (e) {
    return { error: String(e) }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await read(JSON.parse(line))))
}
