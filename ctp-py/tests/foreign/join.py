"""A script that waits in Join, with a flow folder that is not there: join.py PACKAGE FRONT FLOW."""

import sys
import threading

package, front, flow = sys.argv[1:]
if package == "openctp_ctp":
    from openctp_ctp import mdapi
else:
    import ctp as mdapi


class Spi(mdapi.CThostFtdcMdSpi):
    def OnFrontConnected(self):
        print("connected", flush=True)
        # Release from another thread ends Join.
        threading.Thread(target=api.Release, daemon=False).start()


api = mdapi.CThostFtdcMdApi.CreateFtdcMdApi(flow)
spi = Spi()
api.RegisterSpi(spi)
api.RegisterFront(front)
api.Init()
api.Join()
print("joined", flush=True)
