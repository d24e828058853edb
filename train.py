"`python train.py --model knn` is `c360 train --model knn`"

import sys

from customer360.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "train")
    main()
