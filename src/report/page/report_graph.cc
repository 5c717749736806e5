#include "report/page/report_graph.h"

#include <algorithm>

#include "base/format.h"
#include "base/json.h"
#include "measure/text.h"
#include "report/page/graph_layout.h"
#include "report/page/report_parts.h"

namespace thimble {
namespace {

using report::GraphLayout;
using report::LayoutPoint;

constexpr size_t kName = 160, kFact = 4000, kLine = 34;
constexpr double kLetter = 8.3, kSmallLetter = 6.6, kPadding = 26, kLeastWidth = 96;

constexpr std::string_view kStyle = R"CSS(
html,body{height:100%;overflow:hidden}body{display:grid;grid-template:auto 1fr/1fr minmax(280px,370px)}
.bar{grid-column:1/-1;display:flex;gap:8px;align-items:center;padding:8px 14px;border-bottom:1px solid var(--line);background:var(--card)}
.bar h1{font-size:15px;margin:0 auto 0 0;letter-spacing:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;min-width:60px}
.bar input{font:inherit;font-size:14px;width:min(260px,34vw);padding:4px 10px;border:1px solid var(--line);border-radius:7px;background:var(--bg);color:var(--ink)}
.bar button{font:inherit;font-size:13px;color:var(--muted);background:var(--card);border:1px solid var(--line);border-radius:7px;padding:4px 10px;cursor:pointer}
.bar button:hover{color:var(--ink)}#hits{font-size:13px;color:var(--muted);min-width:5ch}
#g{width:100%;height:100%;display:block;cursor:grab;touch-action:none;min-height:0;font:13px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
#g.drag{cursor:grabbing}#side{overflow:auto;padding:16px 18px;border-left:1px solid var(--line);background:var(--card);font-size:14px}
#side h2{font-size:17px;margin:0 0 2px;overflow-wrap:anywhere}#side h3{margin:18px 0 6px;overflow-wrap:anywhere}#side p{margin:0 0 10px;overflow-wrap:anywhere}
#side dl{gap:3px 14px;margin-bottom:14px}#side dd{overflow-wrap:anywhere;white-space:pre-wrap}#side a{cursor:pointer;overflow-wrap:anywhere}#side svg{display:block;width:100%;height:76px;margin:8px 0 2px}
.hb{display:flex;justify-content:space-between;color:var(--muted);font-size:12px}
.nd rect{fill:var(--card);stroke:var(--k);stroke-width:1.5}.nd .bd{fill:var(--k);fill-opacity:.13;stroke:none}.nd text{text-anchor:middle;fill:var(--ink);pointer-events:none}
.nd .op{font-weight:620}.nd .li{fill:var(--muted);font-size:11.5px}.nd,.eg{cursor:pointer}.nd:hover rect,.nd:focus-visible rect{stroke-width:3;outline:none}.nd:focus-visible{outline:none}
.layer{--k:var(--c0)}.function{--k:var(--c2)}.movement{--k:var(--c7)}.port{--k:var(--c4)}.unsupported{--k:var(--c5)}.port rect{rx:22px}.unsupported rect{stroke-dasharray:5 3}
.eg path{fill:none;stroke:var(--muted);stroke-width:1.3;opacity:.75}.eg .hit{stroke:transparent;stroke-width:14;opacity:1}.eg text{fill:var(--muted);font-size:11.5px;paint-order:stroke;stroke:var(--bg);stroke-width:4px;stroke-linejoin:round}
.eg:hover path:first-child,.eg.on path:first-child{stroke:var(--accent);stroke-width:2.4;opacity:1}.eg:hover text,.eg.on text{fill:var(--accent)}#ah path{fill:var(--muted);stroke:none}
.nd.on rect:first-child{stroke-width:3.5}.nd.on .bd{fill-opacity:.3}.find .nd:not(.found){opacity:.25}.find .eg{opacity:.35}.nd.at rect:first-child{stroke-width:4}
@media(max-width:720px){body{grid-template:auto 1fr minmax(120px,34vh)/1fr}#side{border-left:0;border-top:1px solid var(--line)}.bar{flex-wrap:wrap}}
@media print{html,body{overflow:visible;height:auto}body{display:block}.bar,#side{display:none}#g{height:auto}}
)CSS";

constexpr std::string_view kScript = R"JS(
(function(){var d=document,s=d.getElementById('g'),side=d.getElementById('side'),D=JSON.parse(d.getElementById('data').textContent);
var W=+s.dataset.w,H=+s.dataset.h,v={x:0,y:0,k:1};
function size(){return s.getBoundingClientRect()}
function draw(){var r=size();s.setAttribute('viewBox',[v.x,v.y,r.width/v.k,r.height/v.k].join(' '))}
function top(){var r=size();v.k=Math.min(1,Math.max(.35,r.width/W));v.x=(W-r.width/v.k)/2;v.y=0;draw()}
function fit(){var r=size();v.k=Math.min(1.5,r.width/W,r.height/H);v.x=(W-r.width/v.k)/2;v.y=(H-r.height/v.k)/2;draw()}
function zoom(f,cx,cy){var r=size(),px=cx===undefined?r.width/2:cx-r.left,py=cy===undefined?r.height/2:cy-r.top;
var k=Math.min(4,Math.max(.02,v.k*f));v.x+=px/v.k-px/k;v.y+=py/v.k-py/k;v.k=k;draw()}
s.addEventListener('wheel',function(e){e.preventDefault();
if(e.ctrlKey||e.metaKey)zoom(Math.exp(-e.deltaY/120),e.clientX,e.clientY);else{v.x+=e.deltaX/v.k;v.y+=e.deltaY/v.k;draw()}},{passive:false});
var ps={},moved=0;
s.addEventListener('pointerdown',function(e){ps[e.pointerId]=e;moved=0});
addEventListener('pointermove',function(e){var p=ps[e.pointerId];if(!p)return;var ids=Object.keys(ps),dx=e.clientX-p.clientX,dy=e.clientY-p.clientY;
moved+=Math.abs(dx)+Math.abs(dy);if(moved<4)return;s.classList.add('drag');
if(ids.length>1){var q=ps[ids[0]==e.pointerId?ids[1]:ids[0]],a=Math.hypot(p.clientX-q.clientX,p.clientY-q.clientY),b=Math.hypot(e.clientX-q.clientX,e.clientY-q.clientY);
if(a>0)zoom(b/a,(e.clientX+q.clientX)/2,(e.clientY+q.clientY)/2)}else{v.x-=dx/v.k;v.y-=dy/v.k;draw()}ps[e.pointerId]=e});
['pointerup','pointercancel'].forEach(function(n){addEventListener(n,function(e){delete ps[e.pointerId];s.classList.remove('drag')})});
function el(n,t,c){var x=d.createElement(n);if(t!==undefined)x.textContent=t;if(c)x.className=c;return x}
function facts(list){var l=el('dl');list.forEach(function(f){l.appendChild(el('dt',f[0]));l.appendChild(el('dd',f[1]))});return l}
function bars(h,to){var n=h.c.length,m=Math.max.apply(null,h.c)||1,w=300/n,ns='http://www.w3.org/2000/svg',g=d.createElementNS(ns,'svg');g.setAttribute('viewBox','0 0 300 76');g.setAttribute('preserveAspectRatio','none');
h.c.forEach(function(c,i){if(!c)return;var r=d.createElementNS(ns,'rect'),y=Math.max(1,74*c/m),t=d.createElementNS(ns,'title');
r.setAttribute('x',i*w+.3);r.setAttribute('y',75-y);r.setAttribute('width',Math.max(.5,w-.6));r.setAttribute('height',y);r.setAttribute('fill','var(--c0)');t.textContent=c+' values';r.appendChild(t);g.appendChild(r)});
to.appendChild(g);var b=el('div',undefined,'hb');b.appendChild(el('span',h.l));b.appendChild(el('span',h.h));to.appendChild(b)}
function tensor(t){var x=D.t[t];side.appendChild(el('h3',x.n));side.appendChild(facts(x.f));if(x.h)bars(x.h,side)}
function short(t){return t.length>60?'…'+t.slice(-58):t}
function link(n){var a=el('a',D.n[n].o+'  '+short(D.n[n].n));a.onclick=function(){node(n,true)};var p=el('p');p.appendChild(a);return p}
function mark(x){d.querySelectorAll('.on').forEach(function(e){e.classList.remove('on')});if(x)x.classList.add('on')}
function clear(h,p){side.textContent='';side.appendChild(el('h2',h));if(p)side.appendChild(el('p',p,'muted'));side.scrollTop=0}
function node(n,go){var x=D.n[n],e=d.getElementById('n'+n);mark(e);clear(x.o);side.appendChild(facts(x.f));
var i=[],o=[];D.e.forEach(function(q){if(q[1]==n)i.push(q);if(q[0]==n)o.push(q)});
if(i.length){side.appendChild(el('h3','From'));i.forEach(function(q){side.appendChild(link(q[0]))})}
if(o.length){side.appendChild(el('h3','To'));o.forEach(function(q){side.appendChild(link(q[1]))})}
var seen={};o.forEach(function(q){if(!seen[q[2]]){seen[q[2]]=1;tensor(q[2])}});x.c.forEach(tensor);
if(go){var r=size(),m=/translate\(([-\d.]+),([-\d.]+)\)/.exec(e.getAttribute('transform'));if(v.k<.5)v.k=.8;v.x=+m[1]-r.width/v.k/2;v.y=+m[2]-r.height/v.k/2;draw()}}
function edge(i){var q=D.e[i];mark(d.getElementById('e'+i));clear('Tensor');tensor(q[2]);
side.appendChild(el('h3','From'));side.appendChild(link(q[0]));side.appendChild(el('h3','To'));side.appendChild(link(q[1]))}
function whole(){mark();clear(D.title);side.appendChild(facts(D.f));side.appendChild(el('p','Click on a node or an edge. Drag to move, turn the wheel to scroll, with Ctrl to zoom; / searches.','muted'))}
s.addEventListener('click',function(e){if(moved>=4)return;var n=e.target.closest('.nd'),q=e.target.closest('.eg');
if(n)node(+n.id.slice(1));else if(q)edge(+q.id.slice(1));else whole()});
var f=d.getElementById('find'),hits=[],at=-1;
function go(step){if(!hits.length)return;at=(at+step+hits.length)%hits.length;d.querySelectorAll('.at').forEach(function(e){e.classList.remove('at')});
d.getElementById('n'+hits[at]).classList.add('at');node(hits[at],true);d.getElementById('hits').textContent=(at+1)+' of '+hits.length}
f.oninput=function(){var w=f.value.trim().toLowerCase(),best=0;hits=[];at=-1;s.classList.toggle('find',!!w);
var r=D.n.map(function(x){var o=x.o.toLowerCase(),g=!w?0:o==w?3:o.indexOf(w)>=0?2:(x.n+' '+x.f.join(' ')).toLowerCase().indexOf(w)>=0?1:0;best=Math.max(best,g);return g});
r.forEach(function(g,i){var h=g>0&&g==best;d.getElementById('n'+i).classList.toggle('found',h);if(h)hits.push(i)});
d.querySelectorAll('.at').forEach(function(e){e.classList.remove('at')});d.getElementById('hits').textContent=w?hits.length+' found':''};
f.onkeydown=function(e){if(e.key=='Enter')go(e.shiftKey?-1:1);if(e.key=='Escape'){f.value='';f.oninput();f.blur()}};
addEventListener('keydown',function(e){if(e.target==f)return;var k=e.key;
if(k=='/'){e.preventDefault();f.focus()}else if(k=='+')zoom(1.25);else if(k=='-')zoom(.8);else if(k=='0')fit();
else if(k=='Enter'&&e.target.classList&&e.target.classList.contains('nd'))node(+e.target.id.slice(1))});
d.getElementById('in').onclick=function(){zoom(1.25)};d.getElementById('out').onclick=function(){zoom(.8)};d.getElementById('fit').onclick=fit;
addEventListener('resize',draw);top();whole()})();
)JS";

const char* word(GraphPageNode::Kind kind) {
  switch (kind) {
    case GraphPageNode::Kind::layer: return "layer";
    case GraphPageNode::Kind::function: return "function";
    case GraphPageNode::Kind::movement: return "movement";
    case GraphPageNode::Kind::port: return "port";
    case GraphPageNode::Kind::unsupported: return "unsupported";
  }
  return "";
}

double letters(const std::string& text) {
  return static_cast<double>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string path_of(const std::vector<LayoutPoint>& points) {
  std::string path = format("M{:.1f},{:.1f}", points[0].x, points[0].y);
  for (size_t i = 1; i < points.size(); ++i) {
    const LayoutPoint &a = points[i - 1], &b = points[i];
    if (a.x == b.x) {
      path += format("V{:.1f}", b.y);
      continue;
    }
    const double middle = (a.y + b.y) / 2;
    path += format("C{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}", a.x, middle, b.x, middle, b.x, b.y);
  }
  return path;
}

std::string edge_svg(size_t i, const report::LayoutEdge& edge, bool joins, const std::string& label) {
  if (edge.points.empty()) return {};
  const std::string path = path_of(edge.points);
  const LayoutPoint &a = edge.points[edge.points.size() - 2], &b = edge.points.back();
  // The label stands on the outer side, where edges part or join.
  const bool left = joins ? a.x < b.x - 6 : b.x < a.x - 6;
  return format(
      "<g class=\"eg\" id=\"e{}\"><path d=\"{}\" marker-end=\"url(#ah)\"/><path class=\"hit\" d=\"{}\"/>"
      "<text x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text></g>\n",
      i, path, path, (a.x + b.x) / 2 + (left ? -7 : 7), (a.y + b.y) / 2 + 4, left ? " text-anchor=\"end\"" : "",
      escape_html(label));
}

std::string node_svg(size_t i, const GraphPageNode& node, const std::string& line, double width, double height,
                     LayoutPoint centre) {
  const std::string box = format("x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"9\"", -width / 2,
                                 -height / 2, width, height);
  return format(
      "<g class=\"nd {}\" id=\"n{}\" tabindex=\"0\" transform=\"translate({:.1f},{:.1f})\"><rect {}/>"
      "<rect class=\"bd\" {}/><text class=\"op\" y=\"{}\">{}</text>{}</g>\n",
      word(node.kind), i, centre.x, centre.y, box, box, line.empty() ? 5 : -3, escape_html(clip_text(node.op, kLine)),
      line.empty() ? "" : format("<text class=\"li\" y=\"14\">{}</text>", escape_html(line)));
}

void json_facts(JsonWriter& json, const Facts& facts) {
  json.key("f").begin_array();
  for (const auto& [name, value] : facts)
    json.begin_array().value(clip_text(name, kName)).value(clip_text(value, kFact)).end_array();
  json.end_array();
}

// What the script knows: n nodes, t tensors, e edges. No "<" may end the element that holds it.
std::string data_of(const GraphPage& page, size_t nodes, const std::vector<GraphPageEdge>& edges) {
  JsonWriter json;
  json.begin_object().field("title", clip_text(page.title, kName));
  json_facts(json, page.facts);
  json.key("n").begin_array();
  for (size_t i = 0; i < nodes; ++i) {
    const GraphPageNode& node = page.nodes[i];
    json.begin_object().field("o", clip_text(node.op, kName)).field("n", clip_text(node.name, kName));
    json_facts(json, node.facts);
    json.key("c").begin_array();
    for (const size_t t : node.constants) json.value(static_cast<int64_t>(t));
    json.end_array().end_object();
  }
  json.end_array().key("t").begin_array();
  for (const GraphPageTensor& tensor : page.tensors) {
    json.begin_object().field("n", clip_text(tensor.name, kName));
    json_facts(json, tensor.facts);
    if (const Histogram& h = tensor.histogram; !h.counts.empty()) {
      json.key("h").begin_object().field("l", format("{:.4g}", h.low)).field("h", format("{:.4g}", h.high));
      json.array("c", h.counts).end_object();
    }
    json.end_object();
  }
  json.end_array().key("e").begin_array();
  for (const GraphPageEdge& e : edges)
    json.begin_array()
        .value(static_cast<int64_t>(e.from))
        .value(static_cast<int64_t>(e.to))
        .value(static_cast<int64_t>(e.tensor))
        .end_array();
  json.end_array().end_object();
  std::string safe;
  for (const char c : json.text()) c == '<' ? safe += "\\u003c" : safe += c;
  return safe;
}

}  // namespace

std::string graph_html(const GraphPage& page) {
  const size_t nodes = std::min(page.nodes.size(), kMostDrawnNodes);
  std::vector<GraphPageEdge> edges;
  for (const GraphPageEdge& e : page.edges)
    if (e.to < nodes && e.from < e.to) edges.push_back(e);
  GraphLayout layout;
  std::vector<std::string> lines;
  for (size_t i = 0; i < nodes; ++i) {
    const GraphPageNode& node = page.nodes[i];
    lines.push_back(clip_text(node.line, kLine));
    layout.widths.push_back(std::max({kLeastWidth, kPadding + kLetter * letters(clip_text(node.op, kLine)),
                                      kPadding + kSmallLetter * letters(lines.back())}));
  }
  for (const GraphPageEdge& e : edges)
    layout.edges.push_back({e.from, e.to, 14 + kSmallLetter * letters(page.tensors[e.tensor].label), {}});
  lay_out(&layout);
  std::string drawing;
  std::vector<size_t> arriving(nodes, 0);
  for (const GraphPageEdge& e : edges) ++arriving[e.to];
  for (size_t i = 0; i < edges.size(); ++i)
    drawing += edge_svg(i, layout.edges[i], arriving[edges[i].to] > 1, page.tensors[edges[i].tensor].label);
  for (size_t i = 0; i < nodes; ++i)
    drawing += node_svg(i, page.nodes[i], lines[i], layout.widths[i], layout.node_height, layout.centres[i]);
  GraphPage shown = page;
  if (nodes < page.nodes.size())
    shown.facts.emplace_back("drawn", format("the first {} of {} nodes", nodes, page.nodes.size()));
  return format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>{0}</title>{1}<style>{2}</style></head><body>"
      "<div class=\"bar\"><h1>{0}</h1><span id=\"hits\"></span><input id=\"find\" type=\"search\" "
      "placeholder=\"name or operator\" aria-label=\"search\"><button id=\"out\" title=\"smaller (-)\">−</button>"
      "<button id=\"in\" title=\"larger (+)\">+</button><button id=\"fit\" title=\"the whole graph (0)\">Fit</button>"
      "<button id=\"theme\" type=\"button\">Dark</button></div>"
      "<svg id=\"g\" data-w=\"{3:.0f}\" data-h=\"{4:.0f}\" viewBox=\"0 0 {3:.0f} {4:.0f}\" role=\"img\" "
      "aria-label=\"graph of {0}\"><defs><marker id=\"ah\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
      "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0,0.8L8,4L0,7.2z\"/></marker></defs>\n{5}</svg>"
      "<div id=\"side\"></div><div id=\"tip\"></div><script type=\"application/json\" id=\"data\">{6}</script>"
      "<script>{7}</script><script>{8}</script></body></html>\n",
      escape_html(clip_text(page.title, 90)), report::page_style(), kStyle, layout.width, layout.height, drawing,
      data_of(shown, nodes, edges), report::page_script(), kScript);
}

}  // namespace thimble
