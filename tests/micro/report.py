"""Outcomes as a table, with the reasons of those that are not ok below it."""

COLUMNS = (('package', '<'), ('board', '<'), ('core', '<'), ('-O', '<'), ('result', '<'), ('instructions', '>'), ('cycles', '>'),
           ('flash', '>'), ('code', '>'), ('library', '>'), ('RAM', '>'), ('stack', '>'))


def number(value):
    return '' if value is None else f'{value:,}'


def row(o):
    return [o.package, o.board, o.core, o.optimise[2:], o.status, number(mean(o.instructions)), number(mean(o.cycles)),
            number(o.flash_bytes), number(o.code_bytes), number(o.linked_bytes), number(o.ram_bytes), number(o.stack_bytes)]


def mean(values):
    return round(sum(values) / len(values)) if values else None


def table(outcomes):
    rows = [[title for title, _ in COLUMNS]] + [row(o) for o in outcomes]
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(COLUMNS))]
    for cells in rows:
        print('  '.join(f'{cell:{side}{width}}' for cell, (_, side), width in zip(cells, COLUMNS, widths)).rstrip())
    for o in outcomes:
        if o.why:
            print(f'{o.package} on {o.board} {o.optimise}: {o.status}: {o.why}')


def counts(outcomes):
    for o in outcomes:
        for title, values in (('instructions', o.instructions), ('cycles', o.cycles)):
            if values:
                print(f'{o.board} {o.optimise} {title}: {" ".join(map(str, values))}')
        if o.largest_frame:
            size, function, known = o.largest_frame
            print(f'{o.board} {o.optimise} largest frame: {function}, {size} bytes{"" if known else " and what it allocates"}')


def summary(outcomes):
    states = [o.status for o in outcomes]
    return ', '.join(f'{states.count(state)} {state}' for state in dict.fromkeys(states))


def exit_status(outcomes):
    """0: the same bytes wherever it ran; 1: not; 77: it ran nowhere."""
    states = {o.status for o in outcomes}
    return 1 if states & {'different', 'failed'} else 0 if 'ok' in states else 77
