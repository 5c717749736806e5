#!/usr/bin/env python3
"""Makes houses.csv: made-up houses and their prices, as a table of one's own would be.

    make.py [ROWS [SEED]] > houses.csv              default: 2000 7

Twelve columns of numbers, one of text, and the price: it grows with the area, more so in good districts, falls with age
and distance, and has noise of 6,000. Standard library only; the same seed gives the same rows.
"""
import math
import random
import sys

DISTRICTS = {'centre': 1.35, 'harbour': 1.15, 'hills': 1.2, 'north': 0.9, 'south': 1.0, 'valley': 0.8}
COLUMNS = ['area', 'rooms', 'baths', 'floor', 'age', 'renovated', 'garden', 'parking', 'distance', 'noise', 'energy',
           'income', 'district', 'price']


def house(rng):
    area = rng.uniform(35, 190)
    rooms = max(1, round(area / 28 + rng.gauss(0, 0.7)))
    baths = 1 + (area > 90) + (rng.random() < 0.2)
    floor = rng.randint(0, 9)
    age = round(rng.uniform(0, 95))
    renovated = max(0, age - round(abs(rng.gauss(0, 25))))
    garden = rng.choice([0, 0, 0, 1]) * rng.uniform(20, 400)
    parking = rng.choice([0, 1, 1, 2])
    distance = rng.uniform(0.2, 24)
    noise = rng.uniform(35, 75)
    energy = rng.uniform(40, 260) + 0.6 * renovated
    income = rng.gauss(42, 9)
    district = rng.choice(sorted(DISTRICTS))
    price = 1250 * area * DISTRICTS[district] + 6500 * rooms + 9000 * baths + 900 * floor - 420 * renovated
    price += 70 * garden + 8000 * parking - 2100 * distance - 350 * (noise - 35) - 90 * energy + 900 * income
    price += 22000 * math.exp(-distance / 4) + 35000 + rng.gauss(0, 6000)
    return ['%.1f' % area, rooms, int(baths), floor, age, renovated, '%.0f' % garden, parking, '%.1f' % distance,
            '%.0f' % noise, '%.0f' % energy, '%.1f' % income, district, '%.0f' % price]


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 7)
    print(','.join(COLUMNS))
    for _ in range(rows):
        print(','.join(str(value) for value in house(rng)))


if __name__ == '__main__':
    main()
