#!/usr/bin/env python3
"""Devices without emulation: an ssh server on a port of the loopback, which this script starts with keys of its own, is a
device of a small study; what it measures, what is said where it cannot be reached, and that nothing is left there.

  tests/device/test_device.py --program build/release        needs sshd (Debian: openssh-server); else exit status 77
"""
import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument('--program', required=True, help='the folder with thimble and thimble-run')
arguments = parser.parse_args()
build = os.path.abspath(arguments.program)
thimble = os.path.join(build, 'thimble')
sshd = shutil.which('sshd') or '/usr/sbin/sshd'
for needed in (sshd, shutil.which('ssh') or 'ssh', shutil.which('ssh-keygen') or 'ssh-keygen'):
    if not os.path.exists(needed):
        print(f'skipped: {needed} is not installed')
        sys.exit(77)

RECIPE = '''
[study]
name = "device"
title = "a device"
seed = 1
[data]
set = "fashion-mnist"
split = { train = 1000, validation = 100, test = 300 }
[model]
input = [28, 28, 1]
layers = [{ flatten = true }, { dense = 16, activation = "relu" }, { dense = 10, activation = "softmax" }]
[train]
optimizer = { sgd = 0.1 }
batch = 100
epochs = 1
[[variant]]
name = "float32"
[[variant]]
name = "int8"
quantize = "int8"
[measure]
trials = 1
devices = ["%s"]
'''
failures = 0


def check(what, truth, more=''):
    global failures
    print(('ok    ' if truth else 'FAILED ') + what + ('' if truth else f': {more}'))
    failures += not truth


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


with tempfile.TemporaryDirectory() as folder:
    # The program that travels lies beside the one that sends it, under the name of its architecture.
    os.makedirs(f'{folder}/bin')
    architecture = os.uname().machine
    shutil.copy(thimble, f'{folder}/bin/thimble')
    shutil.copy(os.path.join(build, 'thimble-run'), f'{folder}/bin/thimble-run-{architecture}')
    thimble = f'{folder}/bin/thimble'

    for key in ('host', 'user', 'stranger'):
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', f'{folder}/{key}'], check=True)
    shutil.copy(f'{folder}/user.pub', f'{folder}/authorized')
    port = free_port()
    with open(f'{folder}/sshd_config', 'w') as file:
        file.write(f'Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n'
                   f'PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n')
    os.makedirs('/run/sshd', exist_ok=True) if os.getuid() == 0 else None
    server = subprocess.Popen([sshd, '-D', '-e', '-f', f'{folder}/sshd_config'], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(('127.0.0.1', port)) == 0:
                    break
            time.sleep(0.1)
        with open(f'{folder}/host.pub') as file:
            words = file.read().split()
        with open(f'{folder}/known', 'w') as file:
            file.write(f'[127.0.0.1]:{port} {words[0]} {words[1]}\n')
        open(f'{folder}/unknown', 'w').close()

        def ssh(key, known):
            return f'ssh -F none -i {folder}/{key} -o IdentitiesOnly=yes -o UserKnownHostsFile={folder}/{known}'

        def run(*words, key='user', known='known'):
            return subprocess.run([thimble, *words], capture_output=True, text=True, cwd=folder,
                                  env={**os.environ, 'THIMBLE_SSH': ssh(key, known)})

        there = f'{folder}/there'
        device = f'ssh:127.0.0.1:{port}{there}'

        listed = run('device', 'list', device, '--json')
        row = json.loads(listed.stdout or '{"devices":[{}]}')['devices'][0]
        check('a device says what it is', listed.returncode == 0 and row.get('architecture') == architecture
              and row.get('cores', 0) > 0 and row.get('memory_bytes', 0) > 0, listed.stdout + listed.stderr)

        for what, result, words in (
                ('an unknown host key is not answered for', run('device', 'list', device, known='unknown'), 'host key'),
                ('a login that is refused', run('device', 'list', device, key='stranger'), 'without a password'),
                ('nobody listening', run('device', 'list', f'ssh:127.0.0.1:{free_port()}/x'), 'nobody listens'),
                ('a folder that cannot be made', run('device', 'list', f'ssh:127.0.0.1:{port}/proc/none'), 'nothing can be written')):
            check(what, result.returncode == 1 and words in result.stderr, result.stderr)
        wrong = run('device', 'list', 'shh:pi')
        check('a wrong word', wrong.returncode == 2 and 'ssh' in wrong.stderr, wrong.stderr)

        with open(f'{folder}/recipe.toml', 'w') as file:
            file.write(RECIPE % device)
        study = run('study', 'recipe.toml', '--out', 'out', '-q')
        check('a study with a device', study.returncode == 0, study.stderr)
        with open(f'{folder}/out/results.json') as file:
            results = json.load(file)
        measured = results['devices'][0]['variants']
        check('both variants ran there', [v['name'] for v in measured] == ['float32', 'int8'], measured)
        for v, here in zip(measured, results['variants']):
            check(f'{v["name"]}: the accuracy and the answers of this machine', v['accuracy'] == here['accuracy']
                  and v['same_answers'] == v['samples'] == 300, v)
            check(f'{v["name"]}: time and memory', v['latency_us']['p50'] > 0 and v['peak_rss_bytes'] > 0
                  and v['break_even_us'] is not None, v)
        with open(f'{folder}/out/report.html', encoding='utf-8') as file:
            page = file.read()
        check('the report has the section', 'id="devices"' in page and device in page)

        files = sorted(name for _, _, names in os.walk(there) for name in names)
        check('files lie there once', files.count('thimble-run-' + architecture) == 1 and not [n for n in files if '.part' in n],
              files)

        # What was cut off goes on, what is damaged is sent again.
        program = next(os.path.join(at, name) for at, _, names in os.walk(there) for name in names if name.startswith('thimble-run'))
        with open(program, 'rb') as file:
            whole = file.read()
        for what, part in (('a half sent file is completed', whole[:len(whole) // 2]),
                           ('a damaged one is sent again', b'x' * (len(whole) // 2))):
            os.remove(program)
            with open(program + '.part', 'wb') as file:
                file.write(part)
            again = run('device', 'list', device)
            with open(program, 'rb') as file:
                check(what, again.returncode == 0 and file.read() == whole, again.stderr)

        server.terminate()
        server.wait()
        gone = run('study', 'recipe.toml', '--out', 'out', '--resume', '-q')
        with open(f'{folder}/out/results.json') as file:
            kept = json.load(file)['devices'][0]
        check('with the device gone the study stands, and keeps what was measured', gone.returncode == 0
              and 'nobody listens' in kept['problem'] and [v['samples'] for v in kept['variants']] == [300, 300],
              gone.stderr + json.dumps(kept))
        fresh = run('study', 'recipe.toml', '--out', 'fresh', '-q')
        with open(f'{folder}/fresh/results.json') as file:
            kept = json.load(file)['devices'][0]
        check('a study without its device', fresh.returncode == 0 and [v['samples'] for v in kept['variants']] == [0, 0],
              fresh.stderr)

        server = subprocess.Popen([sshd, '-D', '-e', '-f', f'{folder}/sshd_config'], stderr=subprocess.DEVNULL)
        time.sleep(1)
        cleaned = run('device', 'clean', device)
        check('clean leaves nothing', cleaned.returncode == 0 and not os.path.exists(there), cleaned.stderr)
    finally:
        server.terminate()
print(f'{failures} failed' if failures else 'all ok')
sys.exit(1 if failures else 0)
