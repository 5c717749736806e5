"""What the ecosystems demand of an exported folder, from their specifications: each function gives a list of complaints.

Arduino: library specification 2.2 and the schemas of arduino-lint. PlatformIO: library.json's schema. Zephyr: the schema in
zephyr_module.py. ESP-IDF: idf_component.yml's reference. CMSIS-Pack: PACK.xsd 1.7.36. Standard library only.
"""
import json
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree as xml

SEMVER = r'\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?'
URL = r'https?://[^\s/]+(/\S*)?'
CATEGORIES = ('Display', 'Communication', 'Signal Input/Output', 'Sensors', 'Device Control', 'Timing', 'Data Storage',
              'Data Processing', 'Other')


def text_of(*parts):
    with open(os.path.join(*parts), encoding='utf-8') as file:
        return file.read()


class Complaints(list):
    def unless(self, good, what):
        if not good:
            self.append(what)


def arduino(folder, name):
    bad = Complaints()
    properties = {}
    for line in text_of(folder, 'library.properties').splitlines():
        key, equals, value = line.partition('=')
        bad.unless(equals and re.fullmatch('[a-z_]+', key) and key not in properties, f'library.properties: {line}')
        properties[key] = value
    for key in ('name', 'version', 'author', 'maintainer', 'sentence', 'category', 'url', 'architectures'):
        bad.unless(properties.get(key, '').strip(), f'library.properties has no {key}')
    bad.unless('paragraph' in properties, 'library.properties has no paragraph')
    title = properties.get('name', '')
    bad.unless(re.fullmatch(r'[A-Za-z][A-Za-z0-9 _.-]*|[0-9][A-Za-z0-9 _.-]*[A-Za-z][A-Za-z0-9 _.-]*', title), f'name {title}')
    bad.unless(len(title) <= 63 and not title.lower().startswith('arduino'), f'name {title}')
    bad.unless(re.fullmatch(SEMVER, properties.get('version', '')), 'version')
    bad.unless(properties.get('category') in CATEGORIES, 'category')
    bad.unless(re.fullmatch(URL, properties.get('url', '')) and 'example.' not in properties['url'], 'url')
    bad.unless(re.fullmatch(r'\*|[a-z0-9_]+(,[a-z0-9_]+)*', properties.get('architectures', '')), 'architectures')
    for header in properties.get('includes', '').split(','):
        bad.unless(os.path.exists(os.path.join(folder, 'src', header)), f'includes: src/{header} is not there')
    code, words = text_of(folder, 'src', f'{name}.h') + text_of(folder, 'src', f'{name}.hpp'), set()
    for line in text_of(folder, 'keywords.txt').splitlines():
        fields = line.split('\t')
        bad.unless(len(fields) == 2 and fields[1] in ('KEYWORD1', 'KEYWORD2', 'KEYWORD3', 'LITERAL1', 'LITERAL2'),
                   f'keywords.txt: {line!r}')
        bad.unless(re.search(rf'\b{re.escape(fields[0])}\b', code), f'keywords.txt: {fields[0]} is in no header')
        bad.unless(fields[0] not in words, f'keywords.txt: {fields[0]} twice')
        words.add(fields[0])
    sketches = os.listdir(os.path.join(folder, 'examples'))
    bad.unless(sketches, 'no example')
    for sketch in sketches:
        bad.unless(os.path.exists(os.path.join(folder, 'examples', sketch, f'{sketch}.ino')), f'examples/{sketch} has no {sketch}.ino')
    return bad


def platformio(folder, _):
    bad = Complaints()
    manifest = json.loads(text_of(folder, 'library.json'))
    known = {'name', 'version', 'description', 'keywords', 'homepage', 'repository', 'authors', 'license', 'frameworks',
             'platforms', 'headers', 'examples', 'dependencies', 'export', 'scripts', 'build'}
    bad.unless(set(manifest) <= known, f'library.json: unknown {sorted(set(manifest) - known)}')
    bad.unless(re.fullmatch(r'[^:;/,@<>]{1,100}', manifest.get('name', '')), 'name')
    bad.unless(re.fullmatch(SEMVER, manifest.get('version', '')) and len(manifest['version']) <= 20, 'version')
    bad.unless(0 < len(manifest.get('description', '')) <= 255, 'description')
    for word in manifest.get('keywords', '').split(','):
        bad.unless(re.fullmatch(r'[a-z\d\-+. ]{1,50}', word.strip()), f'keyword {word}')
    for field in ('frameworks', 'platforms'):
        bad.unless(re.fullmatch(r'[a-z\d\-_]+|\*', manifest.get(field, '*')), field)
    bad.unless(manifest.get('license') == 'Apache-2.0', 'license is no identifier of SPDX that we ship')
    build = manifest.get('build', {})
    for key in ('srcDir', 'includeDir'):
        bad.unless(os.path.isdir(os.path.join(folder, build.get(key, '?'))), key)
    bad.unless(os.path.exists(os.path.join(folder, build.get('includeDir', '?'), manifest.get('headers', '?'))), 'headers')
    return bad


def yaml_of(text):
    """The subset of YAML that the packages use: `key: value`, and one level of keys below a key."""
    top, inner = {}, None
    for line in text.splitlines():
        found = re.fullmatch(r'( *)([\w-]+):(?: +(.+))?', line)
        if not found:
            raise ValueError(line)
        indent, key, value = found.groups()
        value = value and value.strip('"')
        if indent:
            inner[key] = value
        elif value is None:
            inner = top[key] = {}
        else:
            top[key] = value
    return top


def run_cmake(script):
    """Lines that the script prints by message(); it runs with the package as its folder."""
    with tempfile.NamedTemporaryFile('w', suffix='.cmake', delete=False) as file:
        file.write(script)
    done = subprocess.run(['cmake', '-P', file.name], capture_output=True, text=True, check=False)
    os.unlink(file.name)
    return done.returncode, done.stderr.split('\n')


def cmake_calls(folder, variable, bad):
    """What CMakeLists.txt gives to the functions of the two build systems: {function: arguments, joined by ;}."""
    script = f'set({variable} 1)\n'
    for function in ('zephyr_include_directories', 'zephyr_library_named', 'zephyr_library_sources', 'idf_component_register'):
        script += f'function({function})\n  message("{function} ${{ARGN}}")\nendfunction()\n'
    code, lines = run_cmake(script + f'include("{os.path.abspath(folder)}/CMakeLists.txt")\n')
    bad.unless(code == 0, f'CMakeLists.txt: {" ".join(lines)}')
    return dict(re.findall(r'^(\w+) (.*)$', '\n'.join(lines), re.M))


def sources_of(folder):
    return {f'src/{file}' for file in os.listdir(os.path.join(folder, 'src')) if file.endswith('.c')}


def zephyr(folder, name):
    bad = Complaints()
    module = yaml_of(text_of(folder, 'zephyr', 'module.yml'))
    bad.unless(set(module) <= {'name', 'build', 'tests', 'samples', 'boards', 'blobs'}, f'module.yml: {sorted(module)}')
    build = module.get('build', {})
    bad.unless(set(build) <= {'cmake', 'kconfig', 'depends', 'settings'}, f'module.yml: {sorted(build)}')
    bad.unless(module.get('name') == name, 'module.yml: name')
    bad.unless(os.path.exists(os.path.join(folder, build['cmake'], 'CMakeLists.txt')), 'module.yml: cmake')
    kconfig = text_of(folder, build['kconfig'])
    symbol = re.search(r'^config ([A-Z][A-Z0-9_]*)\n\tbool "[^"\n]+"\n\thelp\n\t  \S', kconfig)
    bad.unless(symbol, f'Kconfig: {kconfig}')
    calls = cmake_calls(folder, f'CONFIG_{symbol[1]}' if symbol else 'X', bad)
    bad.unless(calls.get('zephyr_include_directories') == 'src', 'CMakeLists.txt: include directories')
    bad.unless(set(calls.get('zephyr_library_sources', '').split(';')) == sources_of(folder), f'CMakeLists.txt: {calls}')
    return bad


def idf(folder, _):
    bad = Complaints()
    manifest = yaml_of(text_of(folder, 'idf_component.yml'))
    bad.unless(set(manifest) <= {'version', 'description', 'license', 'url', 'targets', 'maintainers', 'dependencies', 'tags',
                                 'repository', 'documentation', 'issues', 'files', 'examples'}, f'idf_component.yml: {sorted(manifest)}')
    bad.unless(re.fullmatch(SEMVER, manifest.get('version', '')), 'version')
    bad.unless(manifest.get('description'), 'description')
    bad.unless(manifest.get('license') == 'Apache-2.0', 'license')
    words = cmake_calls(folder, 'ESP_PLATFORM', bad).get('idf_component_register', '').split(';')
    bad.unless(words[:1] == ['SRCS'] and words[-2:] == ['INCLUDE_DIRS', 'src'], f'idf_component_register: {words}')
    bad.unless(set(words[1:-2]) == sources_of(folder), f'idf_component_register: {words}')
    return bad


def cmsis_pack(folder, name):
    bad = Complaints()
    files = [file for file in os.listdir(folder) if file.endswith('.pdsc')]
    bad.unless(len(files) == 1, f'{files}')
    root = xml.parse(os.path.join(folder, files[0])).getroot()
    bad.unless(root.tag == 'package' and root.get('schemaVersion') == '1.7.36', 'schemaVersion')
    bad.unless(root.get('{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation') == 'PACK.xsd', 'schema')
    tags = [child.tag for child in root]
    allowed = {'name', 'vendor', 'description', 'url', 'license', 'releases', 'components', 'keywords', 'requirements',
               'repository', 'supportContact', 'conditions', 'taxonomy'}
    bad.unless(set(tags) <= allowed and len(tags) == len(set(tags)), f'elements {tags}')
    text = {child.tag: (child.text or '').strip() for child in root}
    for tag in ('name', 'vendor'):
        bad.unless(re.fullmatch(r'[-_A-Za-z0-9]+', text.get(tag, '')), tag)
    bad.unless(text.get('name') == name and files[0] == f'{text.get("vendor")}.{name}.pdsc', f'{files[0]} of {text.get("name")}')
    bad.unless(0 < len(text.get('description', '')) <= 256, 'description')
    bad.unless(text.get('url') == '', 'url: there is no server that has the pack')
    bad.unless(os.path.exists(os.path.join(folder, text.get('license', '?'))), 'license')
    releases = root.findall('releases/release')
    bad.unless(releases and all(re.fullmatch(SEMVER, r.get('version', '')) for r in releases), 'releases')
    for component in root.findall('components/component'):
        part = r"[A-Za-z0-9][A-Za-z0-9_+()'/\-\s.]{1,31}"
        for key in ('Cclass', 'Cgroup'):
            bad.unless(re.fullmatch(part, component.get(key, '')), key)
        bad.unless(re.fullmatch(r'[A-Za-z0-9][A-Za-z0-9_+():/\- .]{0,31}', component.get('Csub', '')), 'Csub')
        bad.unless(re.fullmatch(SEMVER, component.get('Cversion', '')), 'Cversion')
        listed = component.findall('files/file')
        for file in listed:
            bad.unless(file.get('category') in ('doc', 'header', 'include', 'source', 'other'), f'category {file.attrib}')
            bad.unless(os.path.exists(os.path.join(folder, file.get('name'))), f'{file.get("name")} is not there')
        source = {file.get('name') for file in listed if file.get('category') in ('source', 'header')}
        bad.unless(source == {f'src/{file}' for file in os.listdir(os.path.join(folder, 'src'))}, f'files {sorted(source)}')
    return bad


def plain(folder, _):
    bad = Complaints()
    bad.unless(os.path.exists(os.path.join(folder, 'examples/posix/main.c')), 'no example')
    return bad


def every(folder, name):
    """What holds for all of them."""
    bad = Complaints()
    readme, header = text_of(folder, 'README.md'), text_of(folder, 'src', f'{name}.h')
    arena = re.search(r'_ARENA_BYTES (\d+)', header)[1]
    bad.unless(f'| {arena} |' in readme, 'README.md does not say the arena')
    for function in re.findall(rf'`({name}_\w+)', readme):
        bad.unless(re.search(rf'\b{function}\b', header + text_of(folder, 'src', f'{name}.hpp')), f'README.md: no {function}')
    bad.unless('Apache License' in text_of(folder, 'LICENSE'), 'LICENSE')
    for place, _, files in os.walk(folder):
        for file in files:
            bad.unless(re.fullmatch(r'[A-Za-z0-9_.]+', file), f'file {file}')
            if not file.endswith('.npy'):
                lines = text_of(place, file).split('\n')
                bad.unless(lines[-1] == '' and not any(line != line.rstrip() for line in lines), f'{file}: spaces at ends of lines')
    return bad


RULES = {'c': plain, 'arduino': arduino, 'platformio': platformio, 'zephyr': zephyr, 'idf': idf, 'cmsis-pack': cmsis_pack}


def complaints(kind, folder, name):
    return every(folder, name) + RULES[kind](folder, name)
