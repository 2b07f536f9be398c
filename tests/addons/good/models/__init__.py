from good.models import thing
