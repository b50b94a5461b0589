"""Settings: one file, read from the environment, closed unless opened. .env.example explains every variable."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from config import backup_place, env, logs
from lib import redis_guard

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

# --- who may come in -------------------------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY")
JWT_SECRET = env.text("JWT_SECRET", default=SECRET_KEY)
# Fernet keys, newest first: the first encrypts, all of them decrypt. `manage.py rotate_keys` re-encrypts with the first.
FIELD_ENCRYPTION_KEYS = env.words("FIELD_ENCRYPTION_KEYS", default=env.text("FIELD_ENCRYPTION_KEYS"))
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]")
HTTPS_ONLY = env.flag("HTTPS_ONLY", default=True)
CSRF_TRUSTED_ORIGINS = (
    [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS if host != "*"] if HTTPS_ONLY else []
)
# Addresses of our own proxies. Only from them is X-Forwarded-For / X-Forwarded-Proto believed.
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")
PORT = env.number("PORT", 8000, at_least=1)
DEMO_PORT = env.number("DEMO_PORT", 8000, at_least=1)
DEMO = env.flag("DEMO", default=False)

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_celery_beat",
    "tenants",
    "live",
    "ledger",
    "sync",
    "reconciliation",
    "kpi",
    "config",
]

MIDDLEWARE = [
    "tenants.middleware.TrustedProxyMiddleware",
    "live.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "live.api.compressed.CompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.middleware.TenantMiddleware",
    "live.pages.LivePagesMiddleware",
    "tenants.middleware.AdminDoorMiddleware",
    "tenants.doors.DoorsMiddleware",
    "live.api.throttle.LimitHeadersMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

_LOADERS = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    _LOADERS if DEBUG else [("django.template.loaders.cached.Loader", _LOADERS)],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
            ],
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.context.tenant",
                "live.pages.live",
            ],
        },
    }
]


# --- where things are kept -------------------------------------------------------------------------------------------
def _database_url() -> str:
    """Return DATABASE_URL, or the URL that DB_HOST and its siblings spell."""
    url = env.text("DATABASE_URL", default="")
    if url:
        return url
    host = env.text("DB_HOST", default="")
    if not host:
        raise ImproperlyConfigured(
            "No database is named: set DATABASE_URL, or DB_HOST with its siblings; `make demo` brings its own."
        )
    user, password = (
        quote(env.text("DB_USER", "postgres"), safe=""),
        quote(env.text("DB_PASSWORD", ""), safe=""),
    )
    return (
        f"postgresql://{user}:{password}@{host}:{env.number('DB_PORT', 5432)}/{env.text('DB_NAME', 'painel')}"
    )


def _redis_url() -> str:
    """Return REDIS_URL, or the URL that REDIS_HOST and its siblings spell, or nothing: the panel works without Redis."""
    url = env.text("REDIS_URL", default="")
    host = env.text("REDIS_HOST", default="")
    if url or not host:
        return url
    password = env.text("REDIS_PASSWORD", "")
    login = f":{quote(password, safe='')}@" if password else ""
    return f"redis://{login}{host}:{env.number('REDIS_PORT', 6379)}/{env.number('REDIS_DB', 0)}"


DATABASE_URL = _database_url()
REDIS_URL = _redis_url()
# A pool keeps connections between requests; tests turn it off, because a pooled connection keeps a test database from being dropped.
DB_POOL = env.flag("DB_POOL", default=True)

DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
DATABASES["default"] |= {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": 0,
    "ATOMIC_REQUESTS": False,
}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"] |= {
    "application_name": env.text("APPLICATION_NAME", "painel"),
    "connect_timeout": 5,
}
if DB_POOL:
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 18, "timeout": 10}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_REDIS_OPTIONS = {
    "CLIENT_CLASS": "django_redis.client.DefaultClient",
    "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
    "SOCKET_CONNECT_TIMEOUT": 0.2,
    "SOCKET_TIMEOUT": 0.5,
    # After one failure nobody waits for these any more until the server answers again.
    "CONNECTION_POOL_KWARGS": {"connection_class": redis_guard.connection_class(REDIS_URL)},
}
_REDIS = {
    "BACKEND": "django_redis.cache.RedisCache",
    "LOCATION": REDIS_URL or "redis://127.0.0.1:1/0",
    # The exact key of ARCHITECTURE ("tenant:{id}:…"): no prefix, no version.
    "KEY_FUNCTION": "live.cache.exact_key",
    "TIMEOUT": env.number("CACHE_TTL_SECONDS", 3600, at_least=1),
    "OPTIONS": _REDIS_OPTIONS,
}
CACHES = {
    # Counters and marks of third parties (login lock-out, used codes): must answer while Redis is away, so this process stands in.
    "default": _REDIS | {"BACKEND": "tenants.counters.RedisOrMemory"},
    # Answers of the panel (live.cache): says when Redis is away, so that it is counted and read through.
    "answers": _REDIS,
    # Sessions live in PostgreSQL; while Redis is away they are read from there.
    "sessions": _REDIS | {"OPTIONS": _REDIS_OPTIONS | {"IGNORE_EXCEPTIONS": True}},
}
SESSION_CACHE_ALIAS = "sessions"
# Seconds for which an answer is fresh, by resource (live.cache.resources); the first is for resources without one of their own.
CACHE_TTL_SECONDS = env.number("CACHE_TTL_SECONDS", 3600, at_least=1)
CACHE_TTL_KPIS = env.number("CACHE_TTL_KPIS", 300, at_least=1)
CACHE_TTL_LISTS = env.number("CACHE_TTL_LISTS", 60, at_least=1)
CACHE_TTL_DETAILS = env.number("CACHE_TTL_DETAILS", 600, at_least=1)
CACHE_TTL_SETTINGS = env.number("CACHE_TTL_SETTINGS", 300, at_least=1)
CACHE_TTL_ACCOUNTS = env.number("CACHE_TTL_ACCOUNTS", 120, at_least=1)
CACHE_TTL_TXNS = env.number("CACHE_TTL_TXNS", 60, at_least=1)
CACHE_TTL_CUSTOMERS = env.number("CACHE_TTL_CUSTOMERS", 600, at_least=1)
CACHE_TTL_RECON = env.number("CACHE_TTL_RECON", 30, at_least=1)
CACHE_TTL_MONTHS = env.number("CACHE_TTL_MONTHS", 120, at_least=1)
CACHE_MAX_SIZE_MB = env.number("CACHE_MAX_SIZE_MB", 100, at_least=1)
SQLITE_PATH = env.text("SQLITE_PATH", "")

# --- work ------------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", default=REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = (
    320_000  # KB at its fullest; a child that matched 100,000 lines gives the memory back by ending
)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 0.2,
    "socket_timeout": 5,
    "max_retries": 0,
    "global_keyprefix": "painel:broker:",
}
CELERY_TASK_PUBLISH_RETRY = False
# A queue of its own, so that an installation can give forecasts a worker of their own; the worker of processes.py takes both.
CELERY_TASK_ROUTES = {
    f"kpi.{name}": {"queue": "forecast"}
    for name in ("forecast_due", "forecast_one", "segments_due", "anomalies_due")
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = "UTC"
SYNC_INTERVAL = env.number(
    "SYNC_INTERVAL", 60_000, at_least=1_000
)  # milliseconds between two looks at what is due
SYNC_BATCH_SIZE = env.number("SYNC_BATCH_SIZE", 100, at_least=1)  # rows asked for in one upstream page
# Upstreams at private addresses are refused: a connection's address must not become a way into our own network.
ALLOW_PRIVATE_UPSTREAMS = env.flag("ALLOW_PRIVATE_UPSTREAMS", default=False)
PUBLIC_URL = env.text(
    "PUBLIC_URL", default=""
)  # where upstreams reach our webhooks; none are registered without it

# --- how much one may ask ----------------------------------------------------------------------------------------------
RATE_LIMIT_REQUESTS_PER_MINUTE = env.number("RATE_LIMIT_REQUESTS_PER_MINUTE", 60, at_least=1)
WEBSOCKET_RATE_LIMIT_PER_MINUTE = env.number("WEBSOCKET_RATE_LIMIT_PER_MINUTE", 100, at_least=1)
# Streams that one process holds open; the next one is told to come back later.
MAX_CONCURRENT_CONNECTIONS = env.number("MAX_CONCURRENT_CONNECTIONS", 1000, at_least=1)
RATELIMIT_USE_CACHE = "default"
RATELIMIT_IP_META_KEY = "tenants.middleware.client_address"

# --- streams and answers -------------------------------------------------------------------------------------------------
# Origins besides our own hosts that may open a WebSocket from a browser.
WEBSOCKET_CORS_ORIGIN = env.words("WEBSOCKET_CORS_ORIGIN")
WEBSOCKET_HEARTBEAT_INTERVAL = env.number(
    "WEBSOCKET_HEARTBEAT_INTERVAL", 30_000, at_least=100
)  # milliseconds
WEBSOCKET_CONNECTION_TIMEOUT = env.number(
    "WEBSOCKET_CONNECTION_TIMEOUT", 60_000, at_least=100
)  # milliseconds
ENABLE_COMPRESSION = env.flag("ENABLE_COMPRESSION", default=True)
COMPRESSION_LEVEL = env.number("COMPRESSION_LEVEL", 6, at_least=1, at_most=9)
ENABLE_DELTA_UPDATES = env.flag("ENABLE_DELTA_UPDATES", default=True)
ENABLE_SMART_POLLING = env.flag("ENABLE_SMART_POLLING", default=True)

# --- sign-in -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_ADAPTER = "tenants.adapter.AccountAdapter"  # no open sign-up: people are invited
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
# By account. By address (the empty ones, and what stands before the comma in its defaults) tenants.doors counts.
ACCOUNT_RATE_LIMITS = {
    "login": "",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "5/m/key",
    "reset_password_from_key": "",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Painel"
MFA_ADAPTER = "tenants.adapter.MfaAdapter"  # its secrets are sealed at rest
MFA_FORMS = {"add_webauthn": "tenants.passkeys.AddPasskeyForm"}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS_ONLY
# Staff sees every tenant, so staff needs a second factor. Only the demo on a laptop opens the admin without one.
ADMIN_SECOND_FACTOR = env.flag("ADMIN_SECOND_FACTOR", default=True)

SESSION_ENGINE = (
    "django.contrib.sessions.backends.cached_db" if REDIS_URL else "django.contrib.sessions.backends.db"
)
CSRF_FAILURE_VIEW = "tenants.api.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^health", r"^metrics$"]  # asked from inside, by probes
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS_ONLY
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# No inline script or style anywhere. /admin/ and /api/docs get their own policy in tenants.middleware.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# --- API -----------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.api.authentication.ApiKeyAuthentication",
        "tenants.api.authentication.JwtAuthentication",
        "tenants.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.HasAccess"],
    "DEFAULT_THROTTLE_CLASSES": ["live.api.throttle.PerMinute"],
    "DEFAULT_RENDERER_CLASSES": ["tenants.api.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.parsers.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "tenants.api.schema.AutoSchema",
    "DEFAULT_METADATA_CLASS": "tenants.api.metadata.Methods",
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "tenants.api.errors.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "SIGNING_KEY": JWT_SECRET,
    "ALGORITHM": "HS256",
    "ISSUER": "painel",
    "UPDATE_LAST_LOGIN": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Painel",
    "DESCRIPTION": "Come with `Authorization: Api-Key pk_…` (a key of one company, made on its settings page), with `Authorization: Bearer …` "
    "(a token of 15 minutes from `/api/auth/token`), or with the session of the pages. Amounts are decimal text: positive is money in, "
    "negative money out; null is unknown. `meta.as_of` is the time at which the data was true.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

# --- language, time, files -------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", _("Portuguese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "America/Sao_Paulo"

STATIC_URL = "/static/"
STATIC_ROOT = env.text("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Hashed names need `collectstatic`; a checkout that is worked on serves its files as they are.
STATIC_HASHED = env.flag("STATIC_HASHED", default=not DEBUG)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_HASHED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
    "backups": backup_place.storage(
        env.text("BACKUP_URL", ""),
        folder=BASE_DIR / "backups",
        access_key=env.text("BACKUP_S3_ACCESS_KEY", ""),
        secret_key=env.text("BACKUP_S3_SECRET_KEY", ""),
    ),
}
WHITENOISE_USE_FINDERS = not STATIC_HASHED
WHITENOISE_AUTOREFRESH = DEBUG

# --- backups -------------------------------------------------------------------------------------------------------------------
BACKUP_EVERY_HOURS = env.number("BACKUP_EVERY_HOURS", 24)  # 0: none by itself
BACKUP_KEEP_DAILY = env.number("BACKUP_KEEP_DAILY", 7)
BACKUP_KEEP_WEEKLY = env.number("BACKUP_KEEP_WEEKLY", 4)
BACKUP_KEEP_MONTHLY = env.number("BACKUP_KEEP_MONTHLY", 12)
BACKUP_ENCRYPT_TO = env.words("BACKUP_ENCRYPT_TO")
BACKUP_IDENTITY = env.text("BACKUP_IDENTITY", "")

EMAIL_BACKEND = env.text(
    "EMAIL_BACKEND",
    "django.core.mail.backends.console.EmailBackend"
    if DEBUG or DEMO
    else "django.core.mail.backends.smtp.EmailBackend",
)
if env.text("EMAIL_URL", default=""):
    vars().update(environ.Env.email_url_config(env.text("EMAIL_URL")))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Painel <painel@localhost>")

# --- what it says about itself -----------------------------------------------------------------------------------------------
LOG_LEVEL = env.text("LOG_LEVEL", "info").upper()
LOG_WEBSOCKET_EVENTS = env.flag("LOG_WEBSOCKET_EVENTS", default=False)
LOG_PERFORMANCE_METRICS = env.flag("LOG_PERFORMANCE_METRICS", default=False)
METRICS_COLLECTION_INTERVAL = env.number("METRICS_COLLECTION_INTERVAL", 60_000, at_least=100)  # milliseconds
PERFORMANCE_ALERT_THRESHOLD_MS = env.number("PERFORMANCE_ALERT_THRESHOLD_MS", 1_000, at_least=1)
ENABLE_PERFORMANCE_MONITORING = env.flag("ENABLE_PERFORMANCE_MONITORING", default=True)
# Who may read /metrics: `Authorization: Bearer <token>`. Without a token nobody may.
METRICS_TOKEN = env.text("METRICS_TOKEN", default="")
# A collector of OpenTelemetry traces (http://host:4318); needs the packages of requirements-production.txt. Empty: no traces.
OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
OTEL_SERVICE_NAME = env.text("OTEL_SERVICE_NAME", "painel")
LOGGING = logs.configured(level=LOG_LEVEL, readable=DEBUG)

UNFOLD = {
    "SITE_TITLE": "Painel",
    "SITE_HEADER": "Painel",
    "SITE_SYMBOL": "monitoring",
    "SHOW_VIEW_ON_SITE": False,
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/icon.svg")}
    ],
    "DASHBOARD_CALLBACK": "config.console.dashboard",
    "SIDEBAR": {"show_search": True, "navigation": "config.console.navigation"},
    "COLORS": {
        "primary": {
            "50": "240 253 250",
            "100": "204 251 241",
            "200": "153 246 228",
            "300": "94 234 212",
            "400": "45 212 191",
            "500": "20 184 166",
            "600": "13 148 136",
            "700": "15 118 110",
            "800": "17 94 89",
            "900": "19 78 74",
            "950": "4 47 46",
        }
    },
}
