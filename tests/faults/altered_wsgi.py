"""The web process with the guard of FAULTS_WITHOUT switched off."""

import os

from django.core.wsgi import get_wsgi_application

from tests.faults.altered import GUARDS

application = get_wsgi_application()
GUARDS[os.environ["FAULTS_WITHOUT"]]()
