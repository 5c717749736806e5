// Style and script of report.html. Calm: one column of cards, system fonts, few colours.
#include "report/page/report_parts.h"
#include "report/plots/svg.h"

namespace thimble::report {

namespace {
constexpr std::string_view kStyle = R"CSS(
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%;scroll-behavior:smooth;scroll-padding-top:60px}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;overflow-wrap:anywhere}
main,header.top,footer{max-width:1180px;margin:0 auto;padding:0 20px}
a{color:var(--accent)}
h1{font-size:clamp(24px,4vw,34px);line-height:1.2;letter-spacing:-.015em;margin:34px 0 6px;font-weight:650}
h2{font-size:21px;letter-spacing:-.01em;margin:0 0 4px;font-weight:640}
h3{font-size:15px;margin:0 0 8px;font-weight:620}
p{margin:0 0 12px;max-width:74ch}.muted,figcaption,.intro{color:var(--muted)}.intro{margin-bottom:18px}
nav{position:sticky;top:0;z-index:5;background:color-mix(in srgb,var(--bg) 92%,transparent);backdrop-filter:blur(6px);border-bottom:1px solid var(--line)}
nav div{max-width:1180px;margin:0 auto;padding:8px 20px;display:flex;gap:4px;overflow-x:auto;align-items:center;scrollbar-width:none}
nav a{white-space:nowrap;text-decoration:none;color:var(--muted);padding:4px 9px;border-radius:7px;font-size:13.5px}
nav a:hover{background:var(--soft);color:var(--ink)}
nav button{order:-1;flex:none;font:inherit;font-size:13px;color:var(--muted);background:var(--card);border:1px solid var(--line);border-radius:7px;padding:3px 10px;cursor:pointer;margin-right:6px}
header.top>p{max-width:none}section{margin:44px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,158px),1fr));gap:14px;margin:20px 0}
.tile,.card,figure{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px}
.tile b{display:block;font-size:25px;line-height:1.25;letter-spacing:-.015em;font-weight:650}
.tile span{color:var(--muted);font-size:13.5px}.tile i{font-style:normal;font-size:12.5px;font-weight:600;color:var(--muted)}
.tile.ship{border-color:var(--accent);background:var(--soft)}.tile.ship i{color:var(--accent)}
.verdict{font-size:17.5px;line-height:1.6;margin:18px 0}.verdict p:first-child{font-weight:600}.verdict p{margin:0 0 2px}
.warn{border-left:4px solid var(--c1);background:var(--card);padding:10px 14px;border-radius:0 10px 10px 0;margin:10px 0}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,430px),1fr));gap:16px;align-items:start}
.grid>*{min-width:0}.whole{grid-column:1/-1}figure{margin:0 0 16px;position:relative}.save{position:absolute;right:12px;top:12px;display:flex;gap:4px;opacity:.55}figure:hover .save,.save:focus-within{opacity:1}
.save button{font:inherit;font-size:11.5px;line-height:1;color:var(--muted);background:var(--card);border:1px solid var(--line);border-radius:6px;padding:4px 6px;cursor:pointer}.save button:hover{color:var(--ink)}figure h3{padding-right:90px;min-height:19px}figure>.fit:first-of-type{margin-top:0}.grid figure{margin:0}figcaption{font-size:13.5px;line-height:1.5;margin-top:8px}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch;border:1px solid var(--line);border-radius:12px;background:var(--card);margin:0 0 16px;overflow-wrap:normal}
.scroll,.fit{background:linear-gradient(90deg,var(--card) 40%,transparent) left/40px 100% no-repeat local,linear-gradient(270deg,var(--card) 40%,transparent) right/40px 100% no-repeat local,linear-gradient(90deg,rgba(0,0,0,.22),transparent) left/12px 100% no-repeat scroll,linear-gradient(270deg,rgba(0,0,0,.22),transparent) right/12px 100% no-repeat scroll,var(--card)}
.fit{overflow-x:auto}.plot{max-width:500px;margin:0 auto}.plot.wide{min-width:760px;max-width:none}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:8px 6px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}tr:last-child td{border-bottom:0}
th{font-size:12.5px;line-height:1.3;font-weight:600;color:var(--muted);vertical-align:bottom;cursor:pointer;user-select:none}
th:hover,th:focus-visible{color:var(--ink)}th[aria-sort=ascending]:after{content:" ↑"}th[aria-sort=descending]:after{content:" ↓"}
th.n,td.n{text-align:right}td.n{white-space:nowrap}tbody tr:hover{background:var(--soft)}tr.hi td{font-weight:600}
td{max-width:420px;overflow-wrap:break-word}td:first-child{max-width:320px}.long{display:block;min-width:190px}td small.wrap{white-space:normal;min-width:110px;max-width:150px;margin-left:auto}section>h3{margin-top:24px}td .nm{white-space:nowrap}td small{display:block;font-weight:400}td:first-child small{min-width:130px;max-width:230px;margin-left:20px}
.words dl{font-size:14px;padding:0 6px}.words dt{font-weight:600;color:var(--ink)}
.tag{font-size:11.5px;font-weight:600;color:var(--accent);border:1px solid currentColor;border-radius:20px;padding:0 7px;margin-left:7px;white-space:nowrap}
details{margin:0 0 12px}summary{cursor:pointer;padding:9px 14px;background:var(--card);border:1px solid var(--line);border-radius:10px}
details[open]>summary{margin-bottom:10px}summary:hover{border-color:var(--muted)}
pre{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px;overflow-x:auto;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:normal;margin:0 0 16px}
.pics{display:grid;grid-template-columns:repeat(auto-fill,minmax(104px,1fr));gap:10px}
.pic{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:8px;font-size:12.5px;line-height:1.35}
.pic img{width:100%;aspect-ratio:1;object-fit:contain;image-rendering:pixelated;border-radius:6px;background:#000;display:block;margin-bottom:6px}
.pic s{text-decoration:none;color:var(--c1);font-weight:600}.pic u{text-decoration:none;color:var(--c0);font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:0}dt{color:var(--muted)}dd{margin:0;min-width:0}
footer{color:var(--muted);font-size:13px;padding-bottom:40px}
#tip{position:fixed;z-index:9;pointer-events:none;background:var(--ink);color:var(--bg);font-size:12.5px;line-height:1.45;padding:6px 10px;border-radius:8px;white-space:pre-wrap;max-width:min(320px,90vw);opacity:0;transition:opacity .1s}
[data-tip]:hover{filter:brightness(1.06)}
@media(max-width:600px){main,header.top,footer{padding:0 14px}nav div{padding:8px 14px}section{margin:34px 0}.tile,.card,figure{padding:13px}th,td{padding:6px 5px}table{font-size:13px}.verdict{font-size:16px}main,header.top{padding:0 8px}.card,figure{padding:12px 6px}figcaption,figure h3{padding-left:6px}td:first-child small{display:none}.tag{display:table;margin:2px 0 0 20px}.mk{margin-right:5px;width:12px}td .nm{white-space:normal;display:inline-block;max-width:116px;overflow-wrap:anywhere}td small{font-size:11px}.long{min-width:260px}dl{grid-template-columns:1fr}dd{margin-bottom:8px}}
@page{size:landscape;margin:12mm}
@media print{body{font-size:12px;background:#fff}nav,#tip,.save{display:none}main,header.top,footer{max-width:none;padding:0}section{margin:22px 0}figure,.tile,.pic,tr,.intro{break-inside:avoid}h2,h3,.intro,summary{break-after:avoid}h2,h3{break-inside:avoid}section>h2:after,section>h3:after{content:"";display:block;height:var(--keep,260px);margin-bottom:calc(-1*var(--keep,260px))}section>h3:after{height:120px;margin-bottom:-120px}.scroll,.fit,pre{overflow:visible;background:none}pre{white-space:pre-wrap}.plot{max-height:400px}.plot.wide{min-width:0}table{font-size:11px;line-height:1.3}th{font-size:10.5px}th,td{padding:2px 4px}th{white-space:normal}td small{font-size:9.5px}td:first-child small{min-width:0;margin-left:0}.long{min-width:150px}.tag{font-size:9px;padding:0 4px;margin-left:4px}.grid{grid-template-columns:1fr 1fr 1fr;gap:10px}.tile,.card,figure{padding:10px 12px}figcaption{font-size:11px}}
)CSS";

constexpr std::string_view kScript = R"JS(
(function(){var d=document,r=d.documentElement,b=d.getElementById('theme'),t=d.getElementById('tip');
function dark(){var s=r.getAttribute('data-theme');return s?s=='dark':matchMedia('(prefers-color-scheme:dark)').matches}
function label(){b.textContent=dark()?'Light':'Dark'}
b.onclick=function(){r.setAttribute('data-theme',dark()?'light':'dark');label()};label();
function show(e){var x=e.target.closest&&e.target.closest('[data-tip]');if(!x){t.style.opacity=0;return}
t.textContent=x.getAttribute('data-tip');var w=t.offsetWidth,h=t.offsetHeight,l=e.clientX+14,o=e.clientY+16;
if(l+w>innerWidth-8)l=Math.max(8,e.clientX-w-14);if(o+h>innerHeight-8)o=Math.max(8,e.clientY-h-14);
t.style.left=l+'px';t.style.top=o+'px';t.style.opacity=1}
d.addEventListener('pointermove',show);d.addEventListener('pointerdown',show);d.addEventListener('scroll',function(){t.style.opacity=0},true);
d.querySelectorAll('table').forEach(function(a){var h=a.tHead.rows[0].cells;Array.prototype.forEach.call(h,function(c,i){c.tabIndex=0;
function sort(){var down=c.getAttribute('aria-sort')=='ascending';Array.prototype.forEach.call(h,function(o){o.removeAttribute('aria-sort')});
c.setAttribute('aria-sort',down?'descending':'ascending');
var k=function(w){var x=w.cells[i],v=x.getAttribute('data-v');return v===null?x.textContent:v===''?NaN:+v};
Array.prototype.slice.call(a.tBodies[0].rows).sort(function(p,q){var x=k(p),y=k(q);
if(x!==x||y!==y)return (x!==x)-(y!==y);
var z=typeof x=='number'&&typeof y=='number'?x-y:String(x).localeCompare(y,undefined,{numeric:true});return down?-z:z}).forEach(function(w){a.tBodies[0].appendChild(w)})}
c.onclick=sort;c.onkeydown=function(e){if(e.key=='Enter'||e.key==' '){e.preventDefault();sort()}}})});
function get(u,n){var a=d.createElement('a');a.href=u;a.download=n;d.body.appendChild(a);a.click();a.remove()}
function save(s,n,k){var c=s.cloneNode(true),v=s.viewBox.baseVal,w=v.width*2,h=v.height*2,y=d.createElementNS(s.namespaceURI,'style');
c.setAttribute('width',w);c.setAttribute('height',h);c.setAttribute('data-theme','light');
y.textContent=d.getElementById('plotcss').textContent+'.plot{background:#fff}';c.insertBefore(y,c.firstChild);
var u='data:image/svg+xml;charset=utf-8,'+encodeURIComponent(new XMLSerializer().serializeToString(c));
if(k=='SVG')return get(u,n+'.svg');
var i=new Image();i.onload=function(){var a=d.createElement('canvas');a.width=2*w;a.height=2*h;a.getContext('2d').drawImage(i,0,0,a.width,a.height);get(a.toDataURL('image/png'),n+'.png')};i.src=u}
d.querySelectorAll('figure').forEach(function(f){var s=f.querySelector('svg.plot'),w=d.createElement('div');if(!s)return;w.className='save';
['SVG','PNG'].forEach(function(k){var q=d.createElement('button');q.type='button';q.textContent=k;q.title='save this plot as '+k;
q.onclick=function(){save(s,f.getAttribute('data-name')||'plot',k)};w.appendChild(q)});f.appendChild(w)});
addEventListener('beforeprint',function(){d.querySelectorAll('details').forEach(function(x){x.open=true})})})();
)JS";
}  // namespace

std::string page_style() {
  return "<style id=\"plotcss\">" + svg::svg_style() + "</style><style>" + std::string(kStyle) + "</style>";
}

std::string_view page_script() { return kScript; }

}  // namespace thimble::report
