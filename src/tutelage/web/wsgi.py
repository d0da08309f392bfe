"""What a web server loads."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from tutelage.web import serving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutelage.web.settings")
application = get_wsgi_application()
serving.only_process()
