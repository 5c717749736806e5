#!/usr/bin/env python3
"""Devices without emulation: an ssh server on a port of the loopback, which this script starts with keys of its own, is a
device of a small study and of `bench`, `eval`, `run` and `offload`; what they measure, what is said where it cannot be
reached, has no room or is of another kind, and that nothing is left there.

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
                   f'PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n'
                   f'SetEnv PATH={folder}/there-first:/usr/bin:/bin:/usr/sbin:/sbin\n')
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
                  and v['break_even_us'] is not None and v['test_set_seconds']['trials'] == 1
                  and v['test_set_seconds']['mean'] > 0, v)
        with open(f'{folder}/out/report.html', encoding='utf-8') as file:
            page = file.read()
        check('the report has the section', 'id="devices"' in page and device in page)

        files = sorted(name for _, _, names in os.walk(there) for name in names)
        check('files lie there once', files.count('thimble-run-' + architecture) == 1 and not [n for n in files if '.part' in n],
              files)

        # The same verbs there: the same answers as here.
        model = 'out/models/int8.tflite'
        data = ['--data', 'fashion-mnist', '--limit', '200', '--json']
        here, away = run('eval', model, *data), run('eval', model, *data, '--device', device)
        a, b = json.loads(here.stdout or '{}'), json.loads(away.stdout or '{}')
        check('eval there: the same document', away.returncode == 0 and a and b.pop('device', '') == device
              and {**a, 'seconds': 0} == {**b, 'seconds': 0}, away.stderr + away.stdout)
        text = run('eval', model, *data[:-1], '--device', device)
        check('eval there: the same table', text.returncode == 0 and 'accuracy' in text.stdout and device in text.stdout, text.stderr)

        here = run('run', model, '--random', '7', '--output-dir', 'here', '--json')
        away = run('run', model, '--random', '7', '--output-dir', 'away', '--json', '--device', device)
        check('run there: the same document', away.returncode == 0
              and here.stdout.replace('here', 'away') == away.stdout, away.stderr + away.stdout)
        with open(f'{folder}/here/0.npy', 'rb') as one, open(f'{folder}/away/0.npy', 'rb') as other:
            check('run there: the same bytes', one.read() == other.read())

        away = run('bench', model, '--device', device, '--json', '--min_secs=0.1', '--num_runs=20')
        b = json.loads(away.stdout or '{}')
        check('bench there', away.returncode == 0 and b.get('schema') == 'thimble.bench/1' and b['model'] == model
              and b['device'] == device and b['latency_us']['count'] >= 20, away.stderr + away.stdout)
        text = run('bench', model, '--device', device, '--min_secs=0.1', '--enable_op_profiling',
                   '--op_profiling_output_mode=csv', '--op_profiling_output_file=profile.csv')
        check('bench there, as text, with its table of operators', text.returncode == 0 and f'Graph: [{model}]' in text.stdout
              and there not in text.stdout and 'fully_connected' in open(f'{folder}/profile.csv').read(), text.stderr + text.stdout)
        bad = run('bench', 'recipe.toml', '--device', device)
        check('a file that is no model is refused there as here', bad.returncode == 4, f'{bad.returncode} {bad.stderr}')
        check('host is this machine', run('bench', model, '--device', 'host', '--dry_run').returncode == 0)
        wrong = run('bench', model, '--device', 'shh:pi')
        check('bench: a wrong word', wrong.returncode == 2 and 'did you mean' in wrong.stderr, wrong.stderr)
        refused = run('eval', model, *data, '--device', device, key='stranger')
        check('eval: a login that is refused', refused.returncode == 1 and 'without a password' in refused.stdout + refused.stderr,
              refused.stderr)
        check('answers do not stay there', not [n for n in os.listdir(there) if n.startswith(('answers', 'profile'))],
              os.listdir(there))

        # What the network decides.
        link = ['--link', 'rtt=20ms,up=5Mbit', '--link', 'rtt=0,up=1Gbit,down=2Gbit']
        offload = run('offload', model, '--device', device, *link, '--json')
        o = json.loads(offload.stdout or '{}')
        check('offload', offload.returncode == 0 and o.get('bytes_up') == 3136 and o.get('bytes_down') == 40
              and len(o['links']) == 2, offload.stderr + offload.stdout)
        if offload.returncode == 0:
            slow = o['links'][0]
            check('offload: the times add up', abs(slow['send_us'] - 3136 * 8 / 5) < 1e-6
                  and abs(slow['away_us'] - (slow['send_us'] + slow['receive_us'] + o['other']['p50_us'] + 20000)) < 1e-6
                  and slow['device_wins'] and 'Stay on the device' in o['answer'], slow)
        text = run('offload', model, '--device', device, *link[:2], '--send', '2000')
        check('offload as a table', text.returncode == 0 and 'Stay on the device' in text.stdout and '2,000 bytes' in text.stdout,
              text.stderr + text.stdout)

        # Devices that cannot take it: each its own words, exit status 1, and nothing left there.
        def pretend(name, script):
            os.makedirs(f'{folder}/there-first', exist_ok=True)
            path = f'{folder}/there-first/{name}'
            with open(path, 'w') as file:
                file.write('#!/bin/sh\n' + script)
            os.chmod(path, 0o755)
            return path

        other = f'{folder}/other'
        strange = pretend('uname', 'case $1 in -m) echo s390x ;; *) exec /usr/bin/uname "$@" ;; esac\n')
        result = run('bench', model, '--device', f'ssh:127.0.0.1:{port}{other}')
        os.remove(strange)
        check('another kind of processor', result.returncode == 1 and '"s390x"' in result.stderr and not os.path.exists(other),
              result.stderr)
        if os.getuid() == 0:
            for what, option, words in (('no room', 'size=256k', 'no room'), ('read-only', 'ro', 'read-only')):
                os.makedirs(other)
                mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', option, 'tmpfs', other], capture_output=True)
                if mounted.returncode == 0:
                    result = run('bench', model, '--device', f'ssh:127.0.0.1:{port}{other}/t')
                    left = [n for _, _, names in os.walk(other) for n in names]
                    subprocess.run(['umount', other], check=True)
                    check(f'a device that is {what}', result.returncode == 1 and words in result.stderr and not left,
                          result.stderr + str(left))
                os.rmdir(other)

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
        result = run('bench', model, '--device', device)
        check('bench with the device gone', result.returncode == 1 and 'nobody listens' in result.stderr, result.stderr)
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
